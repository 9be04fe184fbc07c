import Apus
import ApusCommand
import SensorPlugin

let plugins: [any Plugin.Type] = Apus.plugins + [SensorPlugin.self]

await ApusCommand.main(plugins: plugins)

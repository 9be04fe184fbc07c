import Apus
import ApusCommand
import QOIPlugin

await ApusCommand.main(plugins: Apus.plugins + [QOIPlugin.self])

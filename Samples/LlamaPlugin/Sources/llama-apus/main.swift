import Apus
import ApusCommand
import LlamaPlugin

await ApusCommand.main(plugins: Apus.plugins + [LlamaPlugin.self])

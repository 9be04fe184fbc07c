import Apus
import ApusCommand

await ApusCommand.main(plugins: Apus.plugins + [TalkPlugin.self, CountPlugin.self])

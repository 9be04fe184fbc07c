public import Apus
import ArgumentParser
public import PluginKit

/// The command line: `await ApusCommand.main()` is the whole of a program.
public enum ApusCommand {
    /// Runs the command line with these plugins.
    public static func main(plugins: [any Plugin.Type] = Apus.plugins) async {}
}

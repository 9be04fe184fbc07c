public import Apus
import ArgumentParser
public import PluginKit

/// The command line, whole: `await ApusCommand.main()` is all of a program's `main.swift`. Help and messages call it by the
/// program's own name.
///
/// ```swift
/// import Apus
/// import ApusCommand
///
/// await ApusCommand.main(plugins: Apus.plugins + [SensorPlugin.self])
/// ```
public enum ApusCommand {
    /// Runs the command that the arguments name and ends the program: with status 0 if all went well, 1 if an input
    /// or the work failed, 64 if the arguments make no sense.
    public static func main(plugins: [any Plugin.Type] = Apus.plugins) async {
        Session.$plugins.withValue(plugins) {
            do {
                var command = try RootCommand.parseAsRoot()
                try command.run()
                ProfileReport.write()
            } catch {
                ProfileReport.write()
                end(with: error)
            }
        }
    }

    /// Says what went wrong and exits.
    private static func end(with error: any Error) -> Never {
        // What the argument parser knows (help, version, usage, a bare exit status) it prints itself.
        if error is ExitCode || RootCommand.exitCode(for: error) != .failure { RootCommand.exit(withError: error) }
        StandardError.report(error)
        RootCommand.exit(withError: ExitCode.failure)
    }
}

/// What all commands of one run share.
enum Session {
    /// The plugins that the program was started with.
    @TaskLocal static var plugins: [any Plugin.Type] = []

    /// The plugins, registered.
    static var registry: Registry {
        get throws { try Registry(plugins: plugins) }
    }
}

struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Program.name,
        abstract: "Vision and language models on a plain processor.",
        discussion: """
            Models are folders in the Hugging Face layout, ids of models in the local hub cache, or names of starter \
            models; without --model the task's starter model answers.

            EXAMPLE:
              \(Program.name) classify photo.jpg
            """,
        version: Program.name == "apus" ? "apus \(Apus.version)" : "\(Program.name), made with apus \(Apus.version)",
        subcommands: [
            ClassifyCommand.self, TranscribeCommand.self, TranslateCommand.self, GenerateCommand.self,
            ClassifyTextCommand.self, EmbedCommand.self, FillMaskCommand.self, TokenizeCommand.self,
            AlignCommand.self, TrainCommand.self, EvaluateCommand.self,
            InspectCommand.self, ModelsCommand.self, ForwardCommand.self, QuantizeCommand.self, BenchCommand.self,
            EnvironmentCommand.self, NewPluginCommand.self,
        ])
}

import ArgumentParser

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn from data of your own.",
        discussion: """
            EXAMPLE:
              \(Program.name) train classify --data photos/ --output my-model
              \(Program.name) train transcribe --data clips.tsv --output my-model
              \(Program.name) train translate --data pairs.tsv --output my-model
              \(Program.name) train tokenizer --type bpe --vocab-size 8000 -o my-model book.txt
            """,
        subcommands: [
            TrainClassifyCommand.self, TrainTranscribeCommand.self, TrainTranslateCommand.self, TrainTokenizerCommand.self,
        ])
}

// What is in the photos? Run it with `swift run -c release ClassifyPhoto ../photos/lemon.jpg`.
import Apus

let model = try Apus.load("vit-grocery", as: (any ImageClassifying).self)
for path in CommandLine.arguments.dropFirst() {
    let photo = try Apus.registry.read(InputFile(path: path), as: Image.self)
    let guesses = try model.classify([photo])[0].prefix(5)
    print(path, guesses.map { "\($0.label) \($0.probability)" }.joined(separator: ", "))
}

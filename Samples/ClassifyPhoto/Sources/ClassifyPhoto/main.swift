// What is in the photo? Run it with `swift run -c release ClassifyPhoto ../photos/lemon.jpg`.
import Apus

let model = try Apus.load("vit-grocery", as: (any ImageClassifying).self)
let photo = try Apus.registry.read(InputFile(path: CommandLine.arguments[1]), as: Image.self)
for guess in try model.classify([photo])[0].prefix(5) {
    print(guess.label, guess.probability)
}

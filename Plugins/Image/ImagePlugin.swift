public import PluginKit

/// Pictures: readers of PNG, JPEG and PNM files, and the vision Transformers that classify them.
public enum ImagePlugin: Plugin {
    public static let name = "image"

    public static func register(in registry: inout Registry) throws {
        try registry.register(ImageReader())
        try registry.register(ViTFamily.self)
        try registry.register(DeiTFamily.self)
        try registry.register(TimmViTFamily.self)
        try registry.register(
            TaskKind("classify", (any ImageClassifying).self) { $0 is any ImageClassifying.Type })
        registry.register(starterModel: "vit-grocery", for: "classify")
    }
}

/// The task of naming what is in a picture.
public protocol ImageClassifying: Classifying where Input == Image {}

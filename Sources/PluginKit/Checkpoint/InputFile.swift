/// placeholder
public struct InputFile: Sendable {}

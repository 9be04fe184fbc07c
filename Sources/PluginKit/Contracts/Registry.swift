/// placeholder
public struct Registry: Sendable {}

/// placeholder
public struct Checkpoint: Sendable {}

import Synchronization

/// Learns which parameters a model multiplies by, while it is loaded: those that can be quantized.
package final class MatrixRecorder: Sendable {
    private let found = Mutex<[String: PackedMatrix.Layout]>([:])

    /// Creates a recorder that has seen nothing.
    package init() {}

    func record(_ name: String, _ layout: PackedMatrix.Layout) { found.withLock { $0[name] = layout } }

    /// How each matrix that was asked for is stored, by its full name.
    package var matrices: [String: PackedMatrix.Layout] { found.withLock { $0 } }
}

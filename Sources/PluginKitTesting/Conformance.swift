/// Checks of what every plugin promises, a line each in a plugin's own tests.
///
/// They use no testing library: each throws a `ConformanceFailure` that says what was not as promised, so they serve under
/// Swift Testing and XCTest alike.
///
/// ```swift
/// @Test func reader() throws { try Conformance.checkReader(RecordingReader(), on: ["Recordings/walking.csv"]) }
/// ```
public enum Conformance {}

/// What a plugin does not do as its contract says.
public struct ConformanceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The contract that is broken, and how.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension Conformance {
    static func require(_ condition: Bool, _ failure: @autoclosure () -> String) throws(ConformanceFailure) {
        if !condition { throw ConformanceFailure(failure()) }
    }
}

import AttentionEngine
import Foundation
import SensorPlugin

/// Recordings of an accelerometer that somebody wears on the hip. Nothing is measured: each activity is a sum of harmonics of a pace
/// drawn at random, with gravity along a direction that wanders a little and the noise of a cheap sensor, in m/s², along the body's
/// axes x (forward), y (left), z (up).
struct MadeUpRecording {
    /// Samples in a second.
    static let rate = 50.0
    static let activities = [standing, walking, running, climbing, cycling]

    let name: String
    /// In hertz.
    private let pace: ClosedRange<Double>
    /// The strength of the first three harmonics along x, y and z; y swings at half the pace.
    private let axes: [[Double]]
    private let noise: Double
    private let lean: Double

    private static let standing = MadeUpRecording(
        name: "standing", pace: 0.2...0.4, axes: [[0.05, 0, 0], [0.05, 0, 0], [0.02, 0, 0]], noise: 0.06, lean: 0)
    private static let walking = MadeUpRecording(
        name: "walking", pace: 1.6...2.1, axes: [[1.2, 0.5, 0.2], [0.9, 0.3, 0.1], [2.2, 0.8, 0.3]], noise: 0.25, lean: 0.05)
    private static let running = MadeUpRecording(
        name: "running", pace: 2.5...3.2, axes: [[3.5, 1.5, 0.6], [2, 0.8, 0.3], [9, 3, 1]], noise: 0.6, lean: 0.15)
    private static let climbing = MadeUpRecording(
        name: "climbing stairs", pace: 1.1...1.6, axes: [[1.6, 1.1, 0.5], [1.2, 0.3, 0.2], [2, 1.7, 0.9]], noise: 0.3, lean: 0.2)
    private static let cycling = MadeUpRecording(
        name: "cycling", pace: 1...1.6, axes: [[0.8, 0.2, 0.1], [0.3, 0.1, 0], [0.5, 0.3, 0.2]], noise: 0.35, lean: 0.6)

    /// A recording of so many samples.
    func draw(_ count: Int, using generator: inout SeededGenerator) -> Recording {
        func uniform(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }
        func normal(_ deviation: Double) -> Double {
            deviation * (-2 * log(uniform(1e-12...1))).squareRoot() * cos(uniform(0...2 * .pi))
        }
        let pace = uniform(pace), strength = uniform(0.7...1.3)
        let phases = axes.map { $0.map { _ in uniform(0...2 * .pi) } }
        let lean = lean + normal(0.08), roll = normal(0.08)
        let gravity = [9.81 * sin(lean), 9.81 * sin(roll), 9.81 * cos(lean) * cos(roll)]
        var time = uniform(0...10), values: [Double] = []
        for _ in 0..<count {
            time += (1 + normal(0.05)) / Self.rate
            for (axis, harmonics) in axes.enumerated() {
                let base = axis == 1 ? pace / 2 : pace
                let wave = harmonics.enumerated().reduce(0) { sum, harmonic in
                    sum + harmonic.element
                        * sin(2 * .pi * base * Double(harmonic.offset + 1) * time + phases[axis][harmonic.offset])
                }
                values.append(gravity[axis] + strength * wave + normal(noise))
            }
        }
        return Recording(channels: ["x", "y", "z"], values: values)
    }
}

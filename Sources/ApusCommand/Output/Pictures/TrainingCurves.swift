import AttentionEngine
import PluginKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A picture of how a run went, from its log: the loss of its steps, and what was measured.
struct TrainingCurves {
    static let fileName = "training-curves.png"

    /// A line of the log: a step or a measurement.
    private struct Line: Decodable {
        var step: Int
        var loss: Double?
        var measures: [String: Double]?
    }

    private struct Curve {
        var name: String
        var points: [(x: Double, y: Double)]
        var color: Canvas.Color
    }

    private var losses: [(x: Double, y: Double)] = []
    private var measures: [String: [(x: Double, y: Double)]] = [:]

    /// Reads a log; lines that are none are passed over.
    ///
    /// - Throws: `InputError` if the file cannot be read.
    init(log path: String) throws {
        let decoder = JSONDecoder()
        for line in try RegularFile(path).bytes(atMost: 1 << 30).split(separator: UInt8(ascii: "\n")) {
            guard let line = try? decoder.decode(Line.self, from: Data(line)) else { continue }
            if let loss = line.loss { losses.append((Double(line.step), loss)) }
            for (name, value) in line.measures ?? [:] { measures[name, default: []].append((Double(line.step), value)) }
        }
    }

    private static let (width, panelHeight, left, right) = (900, 300, 90, 30)

    /// A panel for the loss, and one for each measure below it.
    func write(to path: String) throws {
        let curves =
            [Curve(name: "loss", points: smoothed, color: .blue)]
            + measures.sorted { $0.key < $1.key }.map { Curve(name: $0.key, points: $0.value, color: .orange) }
        var canvas = Canvas(width: Self.width, height: Self.panelHeight * curves.count + 30)
        let last = max(1, losses.last?.x ?? 1, curves.flatMap(\.points).map(\.x).max() ?? 1)
        for (index, curve) in curves.enumerated() { draw(curve, top: index * Self.panelHeight, last: last, on: &canvas) }
        canvas.text("steps", x: Self.width / 2 - 30, y: canvas.height - 22, scale: 2)
        try PNGFile.write(canvas, to: path)
    }

    /// The means of up to four hundred stretches of the run.
    private var smoothed: [(x: Double, y: Double)] {
        let size = max(1, losses.count / 400)
        return stride(from: 0, to: losses.count, by: size).map { start in
            let part = losses[start..<min(start + size, losses.count)]
            return (part.reduce(0) { $0 + $1.x } / Double(part.count), part.reduce(0) { $0 + $1.y } / Double(part.count))
        }
    }

    private func draw(_ curve: Curve, top: Int, last: Double, on canvas: inout Canvas) {
        let (start, end) = (Double(Self.left), Double(Self.width - Self.right))
        let (upper, lower) = (Double(top + 50), Double(top + Self.panelHeight - 35))
        canvas.text(curve.name, x: Self.left, y: top + 16, scale: 2, curve.color)
        let values = curve.points.map(\.y).filter(\.isFinite)
        guard let least = values.min(), let most = values.max() else { return }
        let spacing = Self.spacing(most - least == 0 ? max(abs(most), 1) : most - least)
        let (bottom, ceiling) = ((least / spacing).rounded(.down) * spacing, ((most / spacing).rounded(.down) + 1) * spacing)
        func height(_ value: Double) -> Double { lower - (value - bottom) / (ceiling - bottom) * (lower - upper) }
        func place(_ step: Double) -> Double { start + step / last * (end - start) }
        for mark in 0...Int(((ceiling - bottom) / spacing).rounded()) {
            let value = bottom + Double(mark) * spacing, text = Self.text(value, spacing)
            canvas.fill(x: Self.left, y: Int(height(value)), width: Int(end - start), height: 1, .faint)
            canvas.text(text, x: Self.left - 8 - Canvas.textWidth(text, scale: 2), y: Int(height(value)) - 7, scale: 2)
        }
        let stepSpacing = max(1, Self.spacing(last))
        for mark in 0...Int(last / stepSpacing) {
            let text = Self.text(Double(mark) * stepSpacing, 1), x = Int(place(Double(mark) * stepSpacing))
            canvas.fill(x: x, y: Int(upper), width: 1, height: Int(lower - upper), .faint)
            canvas.text(text, x: x - Canvas.textWidth(text, scale: 2) / 2, y: Int(lower) + 10, scale: 2)
        }
        let points = curve.points.filter(\.y.isFinite).map { (x: place($0.x), y: height($0.y)) }
        for (from, to) in zip(points, points.dropFirst()) { canvas.line(from: from, to: to, curve.color) }
        if points.count < 60 {
            for point in points { canvas.fill(x: Int(point.x) - 3, y: Int(point.y) - 3, width: 8, height: 8, curve.color) }
        }
    }

    /// 1, 2 or 5 times a power of ten, so that no more than six fit.
    private static func spacing(_ extent: Double) -> Double {
        var power = 1.0
        while power * 10 <= extent / 5 && power < 1e15 { power *= 10 }
        while power > extent / 5 && power > 1e-12 { power /= 10 }
        return [1, 2, 5].map { $0 * power }.first { extent / $0 <= 6 } ?? 10 * power
    }

    private static func text(_ value: Double, _ spacing: Double) -> String {
        spacing >= 1
            ? "\(Int(max(-1e15, min(1e15, value.rounded()))))"
            : Quantity.fixed(value, decimals: spacing >= 0.1 ? 1 : spacing >= 0.01 ? 2 : 3)
    }
}

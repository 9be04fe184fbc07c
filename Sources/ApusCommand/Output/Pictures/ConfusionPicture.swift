/// A picture of which labels are taken for which: a row for each label, a column for each answer, and the darker the more.
enum ConfusionPicture {
    /// What a picture still shows, a pixel each.
    static let mostLabels = 2_000

    /// Draws counts, `[label][answer]`, each row by its sum.
    ///
    /// - Parameter labels: their names, in order.
    static func canvas(_ counts: [[Int]], labels: [String]) -> Canvas {
        let count = labels.count, cell = max(1, min(36, 1_200 / max(1, count))), scale = cell >= 16 ? 2 : 1
        let isNamed = cell >= Glyphs.height + 1
        let names = labels.map { String($0.prefix(24)) }
        let margin = 16 + (isNamed ? (names.map { Canvas.textWidth($0, scale: scale) }.max() ?? 0) : 0)
        let top = margin + 30, side = cell * count
        var canvas = Canvas(width: margin + side + 20, height: top + side + 20)
        canvas.text("label by answer", x: 8, y: 8, scale: 2)
        for (row, values) in counts.enumerated() {
            let sum = max(1, values.reduce(0, +))
            for (column, value) in values.enumerated() {
                let share = Double(value) / Double(sum), strongest = row == column ? Canvas.Color.blue : .orange
                // Even a single one is to be seen.
                let color =
                    value == 0 ? Canvas.Color(248, 248, 250) : Canvas.Color.white.mixed(with: strongest, 0.15 + 0.85 * share)
                let gap = cell > 4 ? 1 : 0
                canvas.fill(x: margin + column * cell, y: top + row * cell, width: cell - gap, height: cell - gap, color)
                let text = "\(value)"
                if value > 0, cell >= 20, Canvas.textWidth(text) < cell {
                    canvas.text(
                        text, x: margin + column * cell + (cell - Canvas.textWidth(text)) / 2,
                        y: top + row * cell + (cell - Glyphs.height) / 2, share > 0.5 ? .white : .ink)
                }
            }
            guard isNamed else { continue }
            let inset = (cell - Glyphs.height * scale) / 2
            canvas.text(
                names[row], x: margin - 8 - Canvas.textWidth(names[row], scale: scale), y: top + row * cell + inset, scale: scale)
            canvas.text(names[row], x: margin + row * cell + inset, y: top - 8, scale: scale, turned: true)
        }
        return canvas
    }
}

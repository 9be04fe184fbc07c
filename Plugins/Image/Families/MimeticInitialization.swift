import AttentionEngine

extension VisionConfiguration {
    /// Starting values by which a new model attends as trained ones do, so that it learns much more from few images (Trockman and
    /// Kolter, 2023, arXiv:2305.09828): queries and keys are alike, values and outputs together take away a part of what came in,
    /// and positions are sinusoids of row and column.
    ///
    /// Where the paper takes apart a random matrix by its singular values, queries and keys are the same random matrix here.
    func mimeticValues(prefix: String) -> [String: Tensor] {
        let width = hiddenSize
        var values: [String: Tensor] = [:]
        var generator = SeededGenerator(state: 0x6D69_6D65)
        func normal() -> Float {
            // Twelve even numbers add up to a variance of one.
            Float((0..<12).reduce(-6.0) { sum, _ in sum + Double(generator.next() >> 11) * 0x1p-53 })
        }
        for layer in 0..<backbone(tokenCount: 1).layerCount {
            let attention = "\(prefix)encoder.layer.\(layer).attention"
            let deviation = 1 / Float(width).squareRoot()
            let queries = (0..<width * width).map { _ in deviation * normal() }
            let keys = queries.map { 0.8 * $0 + 0.3 * deviation * normal() }
            values["\(attention).attention.query.weight"] = Tensor(queries, shape: [width, width])
            values["\(attention).attention.key.weight"] = Tensor(keys, shape: [width, width])
            for (name, diagonal) in [("attention.value", Float(0.6)), ("output.dense", -0.6)] {
                var elements = (0..<width * width).map { _ in 0.02 * normal() }
                for index in 0..<width { elements[index * width + index] += diagonal }
                values["\(attention).\(name).weight"] = Tensor(elements, shape: [width, width])
            }
        }
        let rows = geometry.image.height / geometry.patch.height, columns = geometry.image.width / geometry.patch.width
        if width.isMultiple(of: 4) {
            let half = width / 2, layout = TransformerConfiguration.SinusoidLayout.halves
            let table = layout.table(count: max(rows, columns), width: half).floats
            var positions = [Float](repeating: 0, count: width)
            for row in 0..<rows {
                for column in 0..<columns {
                    for place in [row, column] { positions += table[place * half..<(place + 1) * half] }
                }
            }
            values["\(prefix)embeddings.position_embeddings"] = Tensor(
                positions.map { 0.5 * $0 }, shape: [1, 1 + rows * columns, width])
        }
        return values
    }
}

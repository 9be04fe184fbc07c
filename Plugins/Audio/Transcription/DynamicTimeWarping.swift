/// The cheapest way through a matrix from its first corner to its last, by steps down, right or both (Sakoe and Chiba, 1978,
/// "Dynamic programming algorithm optimization for spoken word recognition").
enum DynamicTimeWarping {
    /// - Parameter costs: `rows · columns` numbers, row by row.
    /// - Returns: for each row the first column that the way passes; empty where there is nothing to pass.
    static func firstColumns(_ costs: [Float], rows: Int, columns: Int) -> [Int] {
        guard rows > 0, columns > 0, costs.count == rows * columns else { return [] }
        enum Step: UInt8 { case start, both, down, right }
        var steps = [Step](repeating: .start, count: costs.count)
        var above = [Float](repeating: .infinity, count: columns)
        for row in 0..<rows {
            var current = above
            for column in 0..<columns {
                let place = row * columns + column
                if place == 0 {
                    current[0] = costs[0]
                    continue
                }
                let both = row > 0 && column > 0 ? above[column - 1] : .infinity
                let down = row > 0 ? above[column] : .infinity
                let right = column > 0 ? current[column - 1] : .infinity
                let step: Step = both < down && both < right ? .both : down < both && down < right ? .down : .right
                // On the first column there is only down, whatever the numbers are.
                steps[place] = column == 0 ? .down : row == 0 ? .right : step
                current[column] = costs[place] + min(both, min(down, right))
            }
            above = current
        }
        var first = [Int](repeating: 0, count: rows)
        var row = rows - 1, column = columns - 1
        while true {
            first[row] = column
            switch steps[row * columns + column] {
            case .start: return first
            case .both: (row, column) = (row - 1, column - 1)
            case .down: row -= 1
            case .right: column -= 1
            }
        }
    }
}

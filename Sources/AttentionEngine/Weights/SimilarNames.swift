/// Finds what someone may have meant.
package enum SimilarNames {
    /// The `count` candidates with the smallest edit distance to `name`, nearest first.
    ///
    /// - Parameter maximumDistance: how many characters may be wrong; `nil` for any number.
    package static func nearest(
        _ count: Int, to name: String, among candidates: some Sequence<String>, maximumDistance: Int? = nil
    ) -> [String] {
        // Beyond a few thousand candidates or a few hundred letters nobody is helped, and time is lost.
        let measured = candidates.prefix(5000).filter { $0.utf8.count <= 200 }.map { ($0, distance(name, $0)) }
        let near = measured.filter { maximumDistance == nil || $0.1 <= maximumDistance ?? 0 }
        return near.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(count).map(\.0)
    }

    /// Letters to insert, delete or replace (Levenshtein), regardless of case.
    static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.lowercased().utf8.prefix(200))
        let second = Array(second.lowercased().utf8.prefix(200))
        var row = Array(0...second.count)
        for (line, letter) in first.enumerated() {
            var diagonal = line
            row[0] = line + 1
            for (column, other) in second.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}

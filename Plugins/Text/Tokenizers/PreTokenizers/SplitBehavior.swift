/// What becomes of the delimiters a text is split at; shown on `a-b--c` split at hyphens.
enum SplitBehavior: String, Sendable {
    /// `a b c`
    case removed = "Removed"
    /// `a - b - - c`
    case isolated = "Isolated"
    /// `a- b- - c`
    case mergedWithPrevious = "MergedWithPrevious"
    /// `a -b - -c`
    case mergedWithNext = "MergedWithNext"
    /// `a - b -- c`
    case contiguous = "Contiguous"

    /// Splits each word where `delimiters` are; it hands their ranges in order to `found`.
    func split(
        _ text: inout PreTokenizedText, isInverted: Bool = false,
        at delimiters: (UnsafeBufferPointer<UInt8>, Range<Int>, _ found: (Range<Int>) -> Void) throws -> Void
    ) rethrows {
        var segments: [(range: Range<Int>, isDelimiter: Bool)] = []
        try text.split { bytes, word, add in
            segments.removeAll(keepingCapacity: true)
            var end = word.range.lowerBound
            try delimiters(bytes, word.range) { range in
                if end < range.lowerBound { segments.append((end..<range.lowerBound, isInverted)) }
                segments.append((range, !isInverted))
                end = range.upperBound
            }
            if end < word.range.upperBound { segments.append((end..<word.range.upperBound, isInverted)) }
            join(segments, add)
        }
    }

    private func join(_ segments: [(range: Range<Int>, isDelimiter: Bool)], _ add: (Range<Int>) -> Void) {
        switch self {
        case .removed: for segment in segments where !segment.isDelimiter { add(segment.range) }
        case .isolated: for segment in segments { add(segment.range) }
        case .contiguous: merge(segments, add) { $0 == $1 }
        case .mergedWithPrevious: merge(segments, add) { !$0 && $1 }
        case .mergedWithNext: mergeBackwards(segments, add)
        }
    }

    private func merge(
        _ segments: [(range: Range<Int>, isDelimiter: Bool)], _ add: (Range<Int>) -> Void, _ joins: (Bool, Bool) -> Bool
    ) {
        var pending: Range<Int>?
        var wasDelimiter = false
        for segment in segments {
            if let range = pending, joins(wasDelimiter, segment.isDelimiter) {
                pending = range.lowerBound..<segment.range.upperBound
            } else {
                if let range = pending { add(range) }
                pending = segment.range
            }
            wasDelimiter = segment.isDelimiter
        }
        if let range = pending { add(range) }
    }

    /// A delimiter joins what follows unless that is a delimiter itself.
    private func mergeBackwards(_ segments: [(range: Range<Int>, isDelimiter: Bool)], _ add: (Range<Int>) -> Void) {
        var start: Int?
        for (index, segment) in segments.enumerated() {
            let joinsNext = segment.isDelimiter && index + 1 < segments.count && !segments[index + 1].isDelimiter
            if joinsNext {
                start = segment.range.lowerBound
            } else {
                add((start ?? segment.range.lowerBound)..<segment.range.upperBound)
                start = nil
            }
        }
    }
}

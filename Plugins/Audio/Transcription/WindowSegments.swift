/// A window's ids, cut into segments at the times in them.
struct WindowSegments {
    /// A stretch between two times.
    struct Segment {
        /// In steps of time from the start of the window.
        var start, end: Int
        var ids: [Int]
    }

    /// In order.
    private(set) var segments: [Segment] = []
    /// Up to where the window is done, in steps of time; `nil` where it is done to its end.
    private(set) var doneSteps: Int?
    /// What was begun after that.
    private(set) var unfinished: Segment?

    /// - Parameters:
    ///   - ids: without the end; with or without times.
    ///   - firstTimestamp: the id of 0 seconds.
    ///   - stepCount: how many steps of time the window's sound has.
    init(_ ids: [Int], firstTimestamp: Int, stepCount: Int) {
        func isTime(_ index: Int) -> Bool { index >= 0 && ids[index] >= firstTimestamp }
        // A segment ends with a time and the next begins with one.
        var ends = ids.indices.dropFirst().filter { isTime($0) && isTime($0 - 1) }
        guard !ends.isEmpty else {
            let latest = ids.last { $0 > firstTimestamp }.map { $0 - firstTimestamp }
            segments = [Segment(start: 0, end: latest ?? stepCount, ids: ids)]
            return
        }
        // A single time at the end says that nothing follows; else what follows the last pair is unfinished.
        let isComplete = isTime(ids.count - 1) && !isTime(ids.count - 2)
        if isComplete { ends.append(ids.count) }
        var start = 0
        for end in ends {
            segments.append(
                Segment(start: ids[start] - firstTimestamp, end: ids[end - 1] - firstTimestamp, ids: Array(ids[start..<end])))
            start = end
        }
        if !isComplete {
            doneSteps = ids[start - 1] - firstTimestamp
            segments[segments.count - 1].ids.append(ids[start])
            let rest = Segment(start: ids[start] - firstTimestamp, end: stepCount, ids: Array(ids[(start + 1)...]))
            unfinished = rest.ids.isEmpty ? nil : rest
        }
    }
}

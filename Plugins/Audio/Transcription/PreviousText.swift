/// What was written for earlier windows, as far as it may help with the next.
struct PreviousText {
    private let vocabulary: SpeechVocabulary
    private let initial: [Int]
    private let carriesInitial: Bool
    /// Whether what was written helps, and not the initial words alone.
    private let conditions: Bool
    private let limit: Int
    private var ids: [Int]

    /// - Parameters:
    ///   - initial: the ids of the words to expect.
    ///   - limit: the most ids that stand before a window's own.
    init(_ vocabulary: SpeechVocabulary, initial: [Int], carriesInitial: Bool, conditions: Bool, limit: Int) {
        self.vocabulary = vocabulary
        self.initial = initial
        self.carriesInitial = carriesInitial
        self.conditions = conditions
        self.limit = max(0, limit)
        ids = carriesInitial ? [] : initial
    }

    /// The ids that stand before what asks for the next window's text.
    var prompt: [Int] {
        guard let mark = vocabulary.previousText else { return [] }
        let carried = carriesInitial ? Array(initial.suffix(limit)) : []
        let before = carried + ids.suffix(limit - carried.count)
        return before.isEmpty ? [] : [mark] + before
    }

    /// Takes what was written for a window.
    mutating func append(_ window: [Int], temperature: Float) {
        // What was drawn at random, or is not wanted, does not help.
        if !conditions || temperature > 0.5 {
            ids = []
        } else {
            // Of a pair of times at the end, the second belongs to what follows.
            let isPair = window.suffix(2).count == 2 && window.suffix(2).allSatisfy(vocabulary.isTimestamp)
            ids += isPair ? window.dropLast() : window[...]
            ids.removeFirst(max(0, ids.count - limit))
        }
    }
}

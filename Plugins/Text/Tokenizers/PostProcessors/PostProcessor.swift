import PluginKit

/// The marks a model expects around one text or two.
struct PostProcessor: Sendable {
    /// A part of what the model gets.
    enum Part: Sendable {
        /// A text: 0 the first, 1 the second.
        case text(Int, typeID: Int)
        case marks([Int], typeID: Int)
    }

    let single: [Part]
    let pair: [Part]

    /// The texts as they are.
    static let none = PostProcessor(single: [.text(0, typeID: 0)], pair: [.text(0, typeID: 0), .text(1, typeID: 1)])

    /// Puts the parts together; the marks only where they are asked for.
    func apply(_ texts: [[Int]], addSpecialTokens: Bool) -> TokenizedText {
        var result = TokenizedText(ids: [])
        for part in texts.count == 1 ? single : pair {
            switch part {
            case .text(let index, let typeID): result.append(texts.indices.contains(index) ? texts[index] : [], typeID)
            case .marks(let ids, let typeID): if addSpecialTokens { result.append(ids, typeID) }
            }
        }
        return result
    }
}

extension TokenizedText {
    fileprivate mutating func append(_ more: [Int], _ typeID: Int) {
        ids += more
        typeIDs += Array(repeating: typeID, count: more.count)
    }
}

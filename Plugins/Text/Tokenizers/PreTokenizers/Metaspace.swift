/// Writes spaces as a letter, usually `▁`, puts one before the text, and begins a word with each (`Metaspace`).
struct Metaspace: PreTokenizer {
    /// Before which words the letter is put, if it is not there.
    enum Prepending: String, Sendable {
        case always, never, first
    }

    let replacement: [UInt8]
    let prepending: Prepending
    let splits: Bool

    func apply(to text: inout PreTokenizedText) {
        text.rewrite { bytes, word, result in
            let isPrepended = prepending == .always || prepending == .first && word.isFirst
            let range = word.range
            if isPrepended, bytes[range.lowerBound] != UInt8(ascii: " "), !bytes[range].starts(with: replacement) {
                result += replacement
            }
            for byte in bytes[range] {
                if byte == UInt8(ascii: " ") { result += replacement } else { result.append(byte) }
            }
        }
        guard splits, let first = replacement.first else { return }
        text.split { bytes, word, add in
            var start = word.range.lowerBound
            var position = start + 1
            while position < word.range.upperBound {
                if bytes[position] == first, bytes[position..<word.range.upperBound].starts(with: replacement) {
                    add(start..<position)
                    start = position
                }
                position += 1
            }
            add(start..<word.range.upperBound)
        }
    }
}

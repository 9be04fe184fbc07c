import AttentionEngine
import Synchronization

/// Byte-pair encoding (Sennrich et al., 2016, arXiv:1508.07909) as the reference's `BPE`.
final class BytePairEncoding: TokenizationModel {
    let vocabulary: TokenTable
    var mergesPairs: Bool { true }
    private let options: Options
    private let merges: PairTable
    private let unknown: Int?
    private let byteTokens: [Int]?
    /// The ids of single scalars that begin no continuation, up to two bytes long; -1 where there is none.
    private let shortScalars: [Int32]
    private let cache = Mutex(WordCache())

    /// What the file says beside vocabulary and merges.
    struct Options: Sendable {
        var unknownToken: [UInt8]?
        var continuationPrefix: [UInt8] = []
        var endOfWordSuffix: [UInt8] = []
        var fusesUnknown = false
        var fallsBackToBytes = false
        var ignoresMerges = false
        var place = ""
    }

    init(_ vocabulary: TokenTable, merges: PairTable, _ options: Options) {
        self.vocabulary = vocabulary
        self.options = options
        self.merges = merges
        unknown = options.unknownToken.flatMap { vocabulary.id(of: $0) }
        byteTokens = options.fallsBackToBytes ? ByteFallback.ids(in: vocabulary) : nil
        var scalars = Array(repeating: Int32(-1), count: 0x800)
        if options.continuationPrefix.isEmpty && options.endOfWordSuffix.isEmpty {
            for scalar in 0..<0x800 {
                var bytes: [UInt8] = []
                bytes.append(scalar: UInt32(scalar))
                if let id = vocabulary.id(of: bytes) { scalars[scalar] = Int32(truncatingIfNeeded: id) }
            }
        }
        shortScalars = scalars
    }

    func tokenize(_ words: PreTokenizedText, into ids: inout [Int]) throws {
        // Another thread may hold the cache: then each word is made anew.
        let done: Void? = try cache.withLockIfAvailable { cache in
            try tokenize(words, cache: &cache, into: &ids)
        }
        if done == nil {
            var cache = WordCache()
            cache.isOn = false
            try tokenize(words, cache: &cache, into: &ids)
        }
    }

    private func tokenize(_ words: PreTokenizedText, cache: inout WordCache, into ids: inout [Int]) throws {
        var symbols: [MergingSymbol] = []
        try words.text.withUnsafeBufferPointer { text in
            for word in words.words {
                let bytes = UnsafeBufferPointer(rebasing: text[word.range])
                if cache.append(bytes, to: &ids) { continue }
                let start = ids.count
                if options.ignoresMerges, let id = vocabulary.id(of: bytes) {
                    ids.append(id)
                } else {
                    try split(bytes, into: &symbols)
                    merges.merge(&symbols)
                    for symbol in symbols where symbol.id >= 0 { ids.append(Int(symbol.id)) }
                }
                cache.insert(bytes, ids[start...])
            }
        }
    }

    /// One symbol for each scalar of the word, or what stands for it where the vocabulary lacks it.
    private func split(_ word: UnsafeBufferPointer<UInt8>, into symbols: inout [MergingSymbol]) throws {
        symbols.removeAll(keepingCapacity: true)
        var hasPendingUnknown = false
        var position = 0
        while position < word.count {
            let (scalar, length) = word.scalar(at: position)
            defer { position += length }
            var id: Int?
            if scalar < 0x800, case let short = shortScalars[Int(scalar)], short >= 0 {
                id = Int(short)
            } else {
                id = vocabulary.id(of: token(word, position..<position + length))
            }
            if let id {
                if hasPendingUnknown, let unknown { symbols.append(MergingSymbol(unknown)) }
                hasPendingUnknown = false
                symbols.append(MergingSymbol(id))
                continue
            }
            if let byteTokens {
                let bytes = token(word, position..<position + length)
                if bytes.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
                    symbols += bytes.map { MergingSymbol(byteTokens[Int($0)]) }
                    continue
                }
            }
            guard options.unknownToken != nil else { continue }
            guard let unknown else {
                throw InputError(
                    options.place, found: "an unknown token that the vocabulary lacks", needed: "it, for text of other letters",
                    remedy: "Use the file that was published")
            }
            if hasPendingUnknown && !options.fusesUnknown { symbols.append(MergingSymbol(unknown)) }
            hasPendingUnknown = true
        }
        if hasPendingUnknown, let unknown { symbols.append(MergingSymbol(unknown)) }
    }

    private func token(_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt8] {
        (range.lowerBound > 0 ? options.continuationPrefix : []) + word[range]
            + (range.upperBound == word.count ? options.endOfWordSuffix : [])
    }
}

/// The tokens `<0x00>` to `<0xFF>` that stand for the bytes of what a vocabulary lacks.
enum ByteFallback {
    /// Their ids, -1 where one is missing.
    static func ids(in vocabulary: TokenTable) -> [Int] {
        (0..<256).map { vocabulary.id(of: token(of: UInt8($0))) ?? -1 }
    }

    static func token(of byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }

    /// The byte that a token stands for.
    static func byte(of token: some RandomAccessCollection<UInt8>) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token.last == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
    }
}

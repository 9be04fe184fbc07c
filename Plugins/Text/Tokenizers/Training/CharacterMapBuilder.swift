import Synchronization

/// Makes sentencepiece's precompiled normalization: a double-array trie (Darts) of what to replace, and the replacements.
enum CharacterMapBuilder {
    /// The map for a normalization, as `CharacterMap` and sentencepiece read it; `nil` where nothing is to be done.
    static func blob(_ options: TokenizerTrainer.Options) -> [UInt8]? {
        guard options.normalization != .none || options.lowercases else { return nil }
        let key = "\(options.normalization.rawValue) \(options.lowercases)"
        return cache.withLock { cache in
            if let blob = cache[key] { return blob }
            let blob = build(options)
            cache[key] = blob
            return blob
        }
    }

    /// Those made before: each takes about a second.
    private static let cache = Mutex<[String: [UInt8]]>([:])

    private static func build(_ options: TokenizerTrainer.Options) -> [UInt8] {
        var steps: [any Normalizer] = []
        if options.normalization == .nmtNFKC { steps.append(ScalarNormalizer.machineTranslation) }
        if options.normalization != .none { steps.append(UnicodeNormalizer(form: .compatibilityComposition)) }
        if options.lowercases { steps.append(ScalarNormalizer.lowercase) }
        func normalized(_ text: [UInt8]) -> [UInt8] {
            steps.reduce(text) { text, step in (try? step.normalize(text)) ?? text }
        }
        var rules: [[UInt8]: [UInt8]] = [:]
        for scalar in UInt32(1)...0x10FFFF where !(0xD800...0xDFFF ~= scalar) {
            var text: [UInt8] = []
            text.append(scalar: scalar)
            let replacement = normalized(text)
            // Nobody's reader takes longer ones.
            if replacement != text, replacement.count <= GrowthLimit.replacement { rules[text] = replacement }
            guard options.normalization != .none else { continue }
            let parts = NormalizationForm.canonicalDecomposition.applied(to: text)
            if parts != text, replacement.count <= GrowthLimit.replacement {
                // A letter and its marks, apart or half put together.
                let scalars = parts.scalars
                if scalars.count > 1 { rules[parts] = replacement }
                if scalars.count > 2 {
                    var head: [UInt8] = []
                    for part in scalars.dropLast() { head.append(scalar: part) }
                    var half = NormalizationForm.canonicalComposition.applied(to: head)
                    half.append(scalar: scalars[scalars.count - 1])
                    rules[half] = replacement
                }
            }
        }
        var texts: [UInt8] = []
        var places: [[UInt8]: Int] = [:]
        let keys = rules.keys.sorted { $0.lexicographicallyPrecedes($1) }
        let values = keys.map { key in
            let text = rules[key] ?? []
            if let place = places[text] { return place }
            let place = texts.count
            places[text] = place
            texts += text + [0]
            return place
        }
        let units = DoubleArray(keys: keys, values: values).units
        var blob: [UInt8] = []
        func add(_ word: UInt32) {
            for shift in [0, 8, 16, 24] as [UInt32] { blob.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        add(UInt32(truncatingIfNeeded: 4 * units.count))
        for unit in units { add(unit) }
        return blob + texts
    }
}

/// A trie in one array, in the layout of Darts: the child of a node by a byte stands at the node's base xor the byte.
private struct DoubleArray {
    private(set) var units: [UInt32] = []
    private var isUsed: [Bool] = []
    private var isBase: [Bool] = []
    private var firstFree = 1

    /// - Parameters:
    ///   - keys: in order, each once, none empty or with a zero.
    ///   - values: below 2³¹.
    init(keys: [[UInt8]], values: [Int]) {
        grow(to: 256)
        isUsed[0] = true
        var pending = [(node: 0, range: 0..<keys.count, depth: 0)]
        while let (node, range, depth) = pending.popLast() {
            // The runs of keys by their next byte; zero where a key ends.
            var children: [(label: UInt8, range: Range<Int>)] = []
            var position = range.lowerBound
            while position < range.upperBound {
                let label = depth < keys[position].count ? keys[position][depth] : 0
                var end = position + 1
                while end < range.upperBound, depth < keys[end].count, keys[end][depth] == label, label != 0 { end += 1 }
                children.append((label, position..<end))
                position = end
            }
            let base = place(children.map(\.label))
            units[node] |= UInt32(truncatingIfNeeded: node ^ base) << 10
            for child in children {
                let place = base ^ Int(child.label)
                if child.label == 0 {
                    units[node] |= 1 << 8
                    units[place] = UInt32(truncatingIfNeeded: values[child.range.lowerBound]) | 1 << 31
                } else {
                    units[place] = UInt32(child.label)
                    pending.append((place, child.range, depth + 1))
                }
            }
        }
    }

    private mutating func grow(to count: Int) {
        let more = count - units.count
        units += repeatElement(0, count: more)
        isUsed += repeatElement(false, count: more)
        isBase += repeatElement(false, count: more)
    }

    /// A base that is nobody else's and whose children's places are free; they are taken.
    private mutating func place(_ labels: [UInt8]) -> Int {
        let first = Int(labels.first ?? 0)
        var tries = 0
        var slot = firstFree
        while true {
            if slot >= units.count { grow(to: units.count + 256) }
            let base = slot ^ first
            // No base of zero: the root's own place is there.
            if !isUsed[slot], base > 0, !isBase[base], labels.allSatisfy({ !isUsed[base ^ Int($0)] }) {
                isBase[base] = true
                for label in labels { isUsed[base ^ Int(label)] = true }
                while firstFree < units.count, isUsed[firstFree] { firstFree += 1 }
                return base
            }
            slot += 1
            tries += 1
            // Where the array is crowded, go on behind.
            if tries == 4096 { firstFree = Swift.max(firstFree, slot - 2048) }
        }
    }
}

/// Ways in which the bytes of a file may be damaged, the same on every run.
enum Damage {
    /// Damaged copies of a file, each with what was done to it.
    static func variants(of bytes: [UInt8]) -> some Sequence<(String, [UInt8])> {
        var random = SplitMix64(state: UInt64(bytes.count))
        let step = max(1, bytes.count / 300)
        let cuts = stride(from: 0, to: bytes.count, by: step).lazy.map { ("cut at byte \($0)", Array(bytes.prefix($0))) }
        let ends = (1...min(20, max(1, bytes.count))).lazy.map { ("short of its last \($0) bytes", Array(bytes.dropLast($0))) }
        let flips = (0..<300).map { index in ("with flipped bits, case \(index)", flipped(bytes, &random)) }
        let stretches = (0..<100).map { index in ("with a stretch overwritten, case \(index)", overwritten(bytes, &random)) }
        let noise = [1, 2, 3, 4, 16, 1_000, 65_536].map { count in
            ("replaced by \(count) bytes of noise", (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        let others: [(String, [UInt8])] = [
            ("replaced by text", Array("Not what you think.\n".utf8)), ("replaced by zeros", Array(repeating: 0, count: 4_096)),
            ("replaced by line breaks", Array(repeating: 0x0A, count: 4_096)), ("twice in one file", bytes + bytes),
        ]
        return [Array(cuts), Array(ends), flips, stretches, noise, others].joined()
    }

    private static func flipped(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        // Headers are where damage tells most.
        let end = Bool.random(using: &random) ? bytes.count : min(64, bytes.count)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: 0..<end, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        return bytes
    }

    private static func overwritten(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var bytes = bytes
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...16, using: &random))
        let values: [UInt8] = [0x00, 0x7F, 0xFF, UInt8(ascii: "9"), UInt8(ascii: "-")]
        let value = values[Int.random(in: 0..<values.count, using: &random)]
        for index in start..<end { bytes[index] = value }
        return bytes
    }
}

/// Small numbers that are the same on every run (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

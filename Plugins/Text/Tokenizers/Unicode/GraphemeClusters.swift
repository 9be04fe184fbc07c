/// Where the grapheme that begins at a place ends (UAX 29).
///
/// Precompiled normalization looks at graphemes of fewer than six bytes only, so the rules for conjuncts and flags, which
/// join longer scalars, are left out.
enum GraphemeClusters {
    static func end(of bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var (scalar, length) = bytes.scalar(at: start)
        var position = start + length
        // A letter of ASCII before one of ASCII stands alone.
        if scalar < 0x80, scalar != 0x0D, position == bytes.count || bytes[position] < 0x80 { return position }
        var kind = ScalarProperties(scalar).graphemeBreak
        var isPictograph = kind == .pictograph
        while position < bytes.count {
            let previous = (scalar: scalar, kind: kind)
            (scalar, length) = bytes.scalar(at: position)
            kind = ScalarProperties(scalar).graphemeBreak
            if previous.scalar == 0x0D, scalar == 0x0A { return position + length }
            if previous.kind == .control || kind == .control { return position }
            let isJoined =
                kind == .extend || kind == .joiner || previous.kind == .prepend
                || previous.kind == .joiner && kind == .pictograph && isPictograph
                || isHangul(previous.scalar, before: scalar)
            if !isJoined { return position }
            if kind != .extend && kind != .joiner { isPictograph = kind == .pictograph }
            position += length
        }
        return position
    }

    private static func isHangul(_ first: UInt32, before second: UInt32) -> Bool {
        let isVowel = 0x1160...0x11A7 ~= second
        let isTrailing = 0x11A8...0x11FF ~= second
        if 0x1100...0x115F ~= first { return 0x1100...0x115F ~= second || isVowel || 0xAC00..<0xD7A4 ~= second }
        if 0xAC00..<0xD7A4 ~= first { return isTrailing || isVowel && (first - 0xAC00) % 28 == 0 }
        if 0x1160...0x11A7 ~= first { return isVowel || isTrailing }
        return 0x11A8...0x11FF ~= first && isTrailing
    }
}

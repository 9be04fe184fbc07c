extension UnsafeBufferPointer<UInt8> {
    /// The scalar that begins at `position` of valid UTF-8, and how many bytes it takes.
    @inline(__always)
    func scalar(at position: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(self[position])
        if first < 0x80 { return (first, 1) }
        if first < 0xE0, position + 1 < count { return ((first & 0x1F) << 6 | next(position + 1), 2) }
        if first < 0xF0, position + 2 < count {
            return ((first & 0x0F) << 12 | next(position + 1) << 6 | next(position + 2), 3)
        }
        guard position + 3 < count else { return (0xFFFD, 1) }
        return ((first & 0x07) << 18 | next(position + 1) << 12 | next(position + 2) << 6 | next(position + 3), 4)
    }

    @inline(__always)
    private func next(_ position: Int) -> UInt32 { UInt32(self[position]) & 0x3F }
}

extension [UInt8] {
    /// Appends a scalar as UTF-8.
    @inline(__always)
    mutating func append(scalar value: UInt32) {
        if value < 0x80 {
            append(UInt8(truncatingIfNeeded: value))
        } else if value < 0x800 {
            append(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        } else if value < 0x10000 {
            append(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        } else {
            append(UInt8(truncatingIfNeeded: 0xF0 | value >> 18))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        }
    }

    /// Calls `body` with each scalar of valid UTF-8.
    @inline(__always)
    func forEachScalar(_ body: (UInt32) -> Void) {
        withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                let (value, length) = bytes.scalar(at: position)
                body(value)
                position += length
            }
        }
    }

    /// Its scalars, in order.
    var scalars: [UInt32] {
        var scalars: [UInt32] = []
        scalars.reserveCapacity(count)
        forEachScalar { scalars.append($0) }
        return scalars
    }

    /// Each `old` replaced by `new`, from left to right.
    func replacing(_ old: [UInt8], with new: [UInt8]) -> [UInt8] {
        guard let first = old.first else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var position = 0
        while position < count {
            if self[position] == first, self[position...].starts(with: old) {
                result += new
                position += old.count
            } else {
                result.append(self[position])
                position += 1
            }
        }
        return result
    }
}

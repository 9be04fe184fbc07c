import CZlib

/// How many times smaller a text gets by zlib's compression: above about 2.4 it says the same again and again.
enum CompressionRatio {
    static func of(_ text: String) -> Float {
        var bytes = Array(text.utf8)
        if bytes.isEmpty { return 1 }
        let limit = compressBound(uLong(bytes.count))
        var size = limit
        let compressed = [UInt8](unsafeUninitializedCapacity: Int(limit)) { buffer, count in
            if compress(buffer.baseAddress, &size, &bytes, uLong(bytes.count)) == Z_OK { count = Int(size) }
        }
        return compressed.isEmpty ? 1 : Float(bytes.count) / Float(compressed.count)
    }
}

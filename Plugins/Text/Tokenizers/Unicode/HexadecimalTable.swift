/// Reads the tables of this folder: rows parted by spaces, numbers of a row in base 16 parted by full stops.
enum HexadecimalTable {
    static func forEachRow(_ table: StaticString, _ body: ([UInt32]) -> Void) {
        table.withUTF8Buffer { bytes in
            var row: [UInt32] = [0]
            for byte in bytes {
                switch byte {
                case UInt8(ascii: " "):
                    body(row)
                    row = [0]
                case UInt8(ascii: "."): row.append(0)
                default:
                    let digit = UInt32(byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") &+ 10)
                    row[row.count - 1] = row[row.count - 1] << 4 | digit
                }
            }
            body(row)
        }
    }
}

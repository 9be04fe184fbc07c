import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing

@Suite("Damaged images")
struct DamagedImageTests {
    private static let files = [
        "type6-depth8-interlaced.png", "exif-as-text.png", "420-progressive.jpg", "inks-ycck.jpg", "exif6.jpg",
    ]

    @Test("a file cut short anywhere throws an error, or decodes if only its end is missing", arguments: files)
    func truncation(name: String) throws {
        let whole = try Fixtures.bytes(name)
        let image = try read(whole)
        for length in 0..<whole.count {
            let part = Array(whole.prefix(length))
            do {
                // Only a PNG image can be whole before its file is: the end chunk adds nothing.
                #expect(try read(part) == image && name.hasSuffix("png") && whole.count - length <= 16, "\(length) bytes")
            } catch let error as InputError {
                #expect(!error.found.isEmpty)
            }
        }
    }

    @Test("flipped bits throw an error or decode, and never trap", arguments: files)
    func bitFlips(name: String) throws {
        let whole = try Fixtures.bytes(name)
        var generator = SeededGenerator(state: 1)
        for _ in 0..<200 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: 0..<whole.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            do {
                _ = try read(damaged, limits: ReadingLimits(maximumElements: 1_000_000))
            } catch let error as InputError {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("a PNG image with a damaged checksum is refused")
    func checksum() throws {
        var png = try Fixtures.bytes("gamma.png")
        png[png.count - 13] ^= 1
        let error = #expect(throws: InputError.self) { try read(png) }
        #expect(error?.found.contains("CRC") == true)
    }

    @Test("a PNG chunk that claims more bytes than the file has gets no memory")
    func lyingChunk() throws {
        var png = try Fixtures.bytes("xmp.png")
        let chunk = try #require(png.indices.first { png[$0...].starts(with: "iTXt".utf8) })
        png.replaceSubrange((chunk - 4)..<chunk, with: [0x7F, 0, 0, 0])
        let error = #expect(throws: InputError.self) { try read(png) }
        #expect(error?.found == "a PNG image that ends early")
    }

    @Test("a progressive JPEG image with thousands of scans is refused, and quickly")
    func manyScans() throws {
        let jpeg = try Fixtures.bytes("grey-progressive.jpg")
        let scans = jpeg.indices.dropLast().filter { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA }
        let last = try #require(scans.last)
        var bomb = Array(jpeg[..<last])
        for _ in 0..<5000 { bomb += jpeg[last..<(jpeg.count - 2)] }
        bomb += [0xFF, 0xD9]
        let error = #expect(throws: InputError.self) { try read(bomb) }
        #expect(error?.found.contains("too many scans") == true)
    }

    @Test("EXIF that makes no sense leaves the image as it is")
    func brokenMetadata() throws {
        let jpeg = try Fixtures.bytes("exif6.jpg")
        let upright = try read(Fixtures.bytes("exif1.jpg"))
        let start = try #require(jpeg.indices.first { jpeg[$0...].starts(with: "Exif\0\0".utf8) }) + 6
        for damage in [[0, 0, 0, 0], [0x49, 0x49, 0x2A, 0, 0xFF, 0xFF, 0xFF, 0xFF], [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 0]]
            as [[UInt8]]
        {
            var broken = jpeg
            broken.replaceSubrange(start..<(start + damage.count), with: damage)
            #expect(try read(broken) == upright)
        }
    }
}

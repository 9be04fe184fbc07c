import AttentionEngine
import Foundation
import ImagePlugin
import PluginKit
import Testing

@Suite("Reading images")
struct ImageReaderTests {
    @Test("every kind of image decodes to Pillow's pixels, JPEG within 2 levels")
    func pixels() throws {
        let expected = try Fixtures.table("pixels.json", as: [String: ExpectedImage].self)
        #expect(expected.count > 100)
        for (name, expected) in expected {
            let image = try ImageReader().read(InputFile(path: Fixtures.file(name)), limits: ReadingLimits())
            try #require((image.width, image.height) == (expected.width, expected.height), "\(name)")
            let tolerance = name.hasSuffix(".jpg") ? 2 : 0
            let difference = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
            #expect(difference <= tolerance, "\(name) differs by \(difference)")
        }
    }

    @Test("the content decides what a file is, not its name")
    func contentDecides() throws {
        #expect(try read(Fixtures.bytes("gamma.png"), as: "photo.jpg") == read(Fixtures.bytes("gamma.png")))
    }

    @Test("what is no image gets a sentence that says what it is")
    func otherFiles() {
        let files: [(content: [UInt8], words: String)] = [
            ([], "an empty file"),
            (Array("Dear diary,\n".utf8), "text"),
            (Array("GIF89a".utf8), "a GIF image"),
            (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "a WebP image"),
            (Array("\0\0\0\u{18}ftypheic".utf8), "a HEIC image"),
            (Array("\0\0\0\u{18}ftypavif".utf8), "an AVIF image"),
            (Array("II*\0".utf8), "a TIFF image"),
            (Array("BM6\0".utf8), "a BMP image"),
            (Array("%PDF-1.7".utf8), "a PDF document"),
            ([0, 1, 2, 3, 4, 5], "no image that Apus knows"),
        ]
        for (content, words) in files {
            let error = #expect(throws: InputError.self) { try read(content, as: "a.png") }
            #expect(error?.place == "a.png" && error?.found == words)
            #expect(error?.needed.contains("PNG, JPEG") == true)
        }
    }

    @Test("a missing file gets a sentence with its name")
    func missingFile() {
        let error = #expect(throws: InputError.self) {
            try ImageReader().read(InputFile(path: "/no/such/image.png"), limits: ReadingLimits())
        }
        #expect(error?.place == "/no/such/image.png")
    }

    @Test("a header that announces too many pixels is refused before they get memory")
    func bombs() throws {
        var png = try Fixtures.bytes("gamma.png")
        // Width and height of 65535, and the header's checksum to match.
        png.replaceSubrange(16..<24, with: [0, 0, 255, 255, 0, 0, 255, 255])
        png.replaceSubrange(29..<33, with: withUnsafeBytes(of: checksum(png[12..<29]).bigEndian, Array.init))
        var jpeg = try Fixtures.bytes("444-baseline.jpg")
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFD, 0xE8, 0xFD, 0xE8])
        for file in [png, jpeg, Array("P6 60000 60000 255\n".utf8)] {
            let error = #expect(throws: InputError.self) { try read(file, as: "bomb") }
            #expect(error?.needed == "at most 178956970 in all")
        }
    }

    @Test("the cap on pixels can be set")
    func cap() throws {
        let image = try Fixtures.bytes("gamma.png")
        #expect(try read(image, limits: ReadingLimits(maximumElements: 30)).width == 6)
        #expect(throws: InputError.self) { try read(image, limits: ReadingLimits(maximumElements: 29)) }
    }

    @Test(
        "an anymap whose header lies is refused",
        arguments: [
            "P6 0 1 255\n", "P6 -3 1 255\n", "P6 2 2 255\nabc", "P5 10000 10000 255\n", "P5 1 1 0\na", "P5 1 1 65536\naa",
            "P4 9 2\nab", "P3 1 1 255\n1 2", "P2 1 1 9\n10", "P2 2 1 255\n1 x", "P1 2 1\n12", "P6", "P6 ", "P6 #",
            "P6 99999999999 1 255\n", "P6 9223372036854775807 4 255\n", "P6 4000000000 4000000000 255\n", "P5 3 #", "P1 9 9\n0",
        ])
    func lyingAnymaps(text: String) {
        #expect(throws: InputError.self) { try read(Array(text.utf8)) }
    }

    /// The CRC-32 of PNG chunks.
    private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}

import Foundation
import ImagePlugin
import Testing

@Suite("Resampling")
struct ResamplingTests {
    private struct Resized: Decodable {
        struct Result: Decodable {
            var filter, width, height: Int
            var pixels: Data
        }
        var width, height: Int
        var pixels: Data
        var results: [Result]
    }

    @Test("every filter gives Pillow's bytes, up, down, and in one direction only")
    func equalsPillow() throws {
        let table = try Fixtures.table("resized.json", as: Resized.self)
        let source = try #require(Image(width: table.width, height: table.height, pixels: [UInt8](table.pixels)))
        for result in table.results {
            let filter = try #require(ResamplingFilter(rawValue: result.filter))
            let image = source.resized(width: result.width, height: result.height, filter: filter)
            #expect(image.pixels.elementsEqual(result.pixels), "\(filter) to \(result.width) × \(result.height)")
        }
    }

    @Test("an image of one color keeps it, whatever the size")
    func constant() throws {
        let image = try #require(Image(width: 9, height: 4, pixels: Array(repeating: 201, count: 108)))
        for filter in ResamplingFilter.allCases {
            #expect(image.resized(width: 5, height: 31, filter: filter).pixels.allSatisfy { $0 == 201 })
        }
    }

    @Test("an image is refused pixels that do not fill it")
    func wrongCount() {
        #expect(Image(width: 2, height: 2, pixels: [0]) == nil)
        #expect(Image(width: 0, height: 0, pixels: []) == nil)
        #expect(Image(width: .max, height: .max, pixels: []) == nil)
    }
}

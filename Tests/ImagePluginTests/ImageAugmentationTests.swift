import AttentionEngine
import Foundation
import Testing

@testable import ImagePlugin

@Suite("Augmenting images")
struct ImageAugmentationTests {
    /// A picture of odd size and many colours.
    private let image: Image = {
        var generator = SeededGenerator(state: 2)
        let pixels = (0..<3 * 13 * 7).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return Image(width: 13, height: 7, pixels: pixels)!
    }()

    private func worst(_ left: Image, _ right: Image) -> Int {
        guard left.pixels.count == right.pixels.count else { return 256 }
        return zip(left.pixels, right.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    @Test("Nothing changes at no strength")
    func identity() {
        var generator = SeededGenerator(state: 1)
        let steps = ImageAugmentations([
            RandomHorizontalFlip(probability: 0), ColorJitter(),
            RandomResizedCrop(width: 13, height: 7, scale: 1...1, aspectRatio: 13.0 / 7...13.0 / 7),
        ])
        #expect(worst(steps(image, using: &generator), image) == 0)
        #expect(worst(image.adjusted(brightness: 1), image) == 0)
        #expect(worst(image.adjusted(contrast: 1), image) == 0)
        #expect(worst(image.adjusted(saturation: 1), image) == 0)
        #expect(worst(image.adjusted(hue: 0), image) <= 1)
    }

    @Test("Mirrored twice is as before")
    func flip() {
        var generator = SeededGenerator(state: 1)
        let flip = RandomHorizontalFlip(probability: 1)
        let mirrored = flip(image, using: &generator)
        #expect(Array(mirrored.pixels[0..<3]) == Array(image.pixels[36..<39]))
        #expect(worst(flip(mirrored, using: &generator), image) == 0)
    }

    @Test("Colours by the reference's formulas")
    func colors() throws {
        let one = try #require(Image(width: 2, height: 1, pixels: [200, 100, 50, 10, 20, 30]))
        #expect(one.adjusted(brightness: 1.5).pixels == [255, 150, 75, 15, 30, 45])
        // Greys of 124 and 18, whose mean is 71.
        #expect(one.adjusted(contrast: 0.5).pixels == [135, 85, 60, 40, 45, 50])
        #expect(one.adjusted(saturation: 0).pixels == [124, 124, 124, 18, 18, 18])
        // A third of a turn changes red to green, green to blue and blue to red.
        let turned = try #require(Image(width: 2, height: 1, pixels: [50, 200, 100, 30, 10, 20]))
        #expect(worst(one.adjusted(hue: 1.0 / 3), turned) <= 1)
    }

    @Test("Parts lie within the image and have the area and aspect that are asked for")
    func crops() {
        var generator = SeededGenerator(state: 5)
        let large = Image(width: 301, height: 199, checked: Array(repeating: 9, count: 3 * 301 * 199))
        // Up to this scale each part fits at the first try, so areas are drawn evenly.
        let crop = RandomResizedCrop(width: 5, height: 3, scale: 0.2...0.4)
        var areas = 0.0
        for _ in 0..<500 {
            let part = crop.part(of: large, using: &generator)
            #expect(part.x >= 0 && part.y >= 0 && part.x + part.width <= 301 && part.y + part.height <= 199)
            let aspect = Double(part.width) / Double(part.height)
            #expect(aspect > 0.72 && aspect < 1.38)
            areas += Double(part.width * part.height) / (301 * 199)
        }
        #expect(abs(areas / 500 - 0.3) < 0.01)
        let thin = Image(width: 1, height: 50, checked: Array(repeating: 9, count: 150))
        for _ in 0..<20 { #expect(crop(thin, using: &generator).width == 5) }
    }

    @Test("Mixed labels add up to one, and their shares are those of the pixels", arguments: [0.2, 1, 8])
    func mixing(alpha: Double) {
        var generator = SeededGenerator(state: 5)
        let (height, width) = (9, 11)
        // Each example has its label as its pixels.
        let pixels = (0..<3).flatMap { Array(repeating: Float($0), count: 3 * height * width) }
        for method in [BatchMixing.Method.mixup, .cutmix] {
            for _ in 0..<20 {
                let mixed = BatchMixing(method, alpha: alpha)(
                    pixels, height: height, width: width, labels: [0, 1, 2], labelCount: 3, using: &generator)
                for example in 0..<3 {
                    let row = mixed.targets[3 * example..<3 * example + 3]
                    #expect(abs(row.reduce(0, +) - 1) < 1e-5)
                    let mean = mixed.pixels[297 * example..<297 * (example + 1)].reduce(0, +) / 297
                    #expect(abs(mean - (row[3 * example + 1] + 2 * row[3 * example + 2])) < 1e-3)
                }
            }
        }
        let draws = (0..<4000).map { _ in BatchMixing.beta(alpha, using: &generator) }
        let mean = draws.reduce(0, +) / 4000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
        #expect(abs(mean - 0.5) < 0.03)
        #expect(abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.015)
    }

    @Test("Erasing keeps to a rectangle of the share that is asked for")
    func erasing() {
        var generator = SeededGenerator(state: 5)
        for isRandom in [false, true] {
            for _ in 0..<50 {
                var pixels = Array(repeating: Float(7), count: 3 * 41 * 53)
                RandomErasing(probability: 1, isRandom: isRandom)(&pixels, height: 41, width: 53, using: &generator)
                let share = Double(pixels.count { $0 != 7 }) / Double(pixels.count)
                #expect(share > 0.01 && share < 0.37)
            }
        }
        var tiny: [Float] = [7, 7, 7]
        RandomErasing(probability: 1)(&tiny, height: 1, width: 1, using: &generator)
        RandomErasing(probability: 0)(&tiny, height: 1, width: 1, using: &generator)
    }

    private struct Changes: Decodable {
        struct Change: Decodable {
            var operation: String
            var magnitude: Int
            var isNegative: Bool
            var pixels: [UInt8]
        }
        var width: Int
        var height: Int
        var pixels: [UInt8]
        var changes: [Change]
    }

    @Test("The changes of RandAugment are torchvision's")
    func randAugment() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/images/changes.json")
        let expected = try JSONDecoder().decode(Changes.self, from: Data(contentsOf: file))
        let image = try #require(Image(width: expected.width, height: expected.height, pixels: expected.pixels))
        for change in expected.changes {
            let operation = try #require(RandAugment.Operation.allCases.first { "\($0)" == change.operation })
            let result = image.changed(operation, strength: Double(change.magnitude) / 30, isNegative: change.isNegative)
            let different = zip(result.pixels, change.pixels).count { abs(Int($0) - Int($1)) > 1 }
            // Where a place falls between two pixels, the last bit decides.
            let allowed = ["shearX", "shearY", "rotate"].contains(change.operation) ? 12 : 0
            #expect(different <= allowed, "\(change.operation) \(change.magnitude): \(different) values differ")
        }
        #expect(Set(expected.changes.map(\.operation)).count == RandAugment.Operation.allCases.count)
        var (first, second) = (SeededGenerator(state: 9), SeededGenerator(state: 9))
        #expect(RandAugment()(image, using: &first).pixels == RandAugment()(image, using: &second).pixels)
        let tiny = try #require(Image(width: 1, height: 1, pixels: [1, 2, 3]))
        for operation in RandAugment.Operation.allCases {
            #expect(tiny.changed(operation, strength: 1, isNegative: true).pixels.count == 3)
        }
    }
}

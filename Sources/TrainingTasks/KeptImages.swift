import ImagePlugin
import Synchronization

/// Images that are read once and then kept in memory, reduced.
final class KeptImages: Sendable {
    private let images = Mutex<[Int: Image]>([:])
    private let shorterSide: Int

    /// - Parameter shorterSide: what the shorter side is reduced to; 0 keeps none.
    init(shorterSide: Int) { self.shorterSide = shorterSide }

    /// An image by its number, read where it is not kept.
    func image(_ number: Int, reading: () throws -> Image) throws -> Image {
        guard shorterSide > 0 else { return try reading() }
        if let kept = images.withLock({ $0[number] }) { return kept }
        let image = try reading(), shorter = min(image.width, image.height)
        var reduced = image
        if shorter > shorterSide {
            func side(_ length: Int) -> Int {
                max(shorterSide, Int((Double(length) * Double(shorterSide) / Double(shorter)).rounded()))
            }
            reduced = image.resized(width: side(image.width), height: side(image.height), filter: .bicubic)
        }
        images.withLock { $0[number] = reduced }
        return reduced
    }
}

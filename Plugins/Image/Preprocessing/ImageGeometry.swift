import AttentionEngine

/// A change of an image's size on its way to a model.
enum GeometryStep: Sendable, Hashable, CustomStringConvertible {
    case resize(ResizeRule, ResamplingFilter)
    case crop(height: Int, width: Int, CropRule)

    func callAsFunction(_ image: Image) throws -> Image {
        switch self {
        case .resize(let rule, let filter):
            let (height, width) = try rule.checkedSize(of: image)
            return image.resized(width: width, height: height, filter: filter)
        case .crop(let height, let width, let rule):
            return image.croppedAroundMiddle(height: height, width: width, rule: rule)
        }
    }

    /// The size of the result where it does not depend on the image's.
    var fixedSize: (height: Int, width: Int)? {
        switch self {
        case .resize(.sides(let height, let width), _): (height, width)
        case .resize: nil
        case .crop(let height, let width, _): (height, width)
        }
    }

    var description: String {
        switch self {
        case .resize(let rule, let filter): "resize \(rule), \(filter)"
        case .crop(let height, let width, _): "crop \(height) × \(width) from the middle"
        }
    }
}

/// What size an image is resized to.
enum ResizeRule: Sendable, Hashable, CustomStringConvertible {
    /// This size, whatever the aspect ratio.
    case sides(height: Int, width: Int)
    /// The shorter edge to this length; the longer follows and its fraction is cut.
    case shortestEdge(Int)
    /// The shorter edge to a length, unless the longer would exceed the limit, which then decides.
    case shortestEdgeWithin(Int, longest: Int)
    /// As small as covers an area of this size (timm's `ResizeKeepRatio`).
    case covering(height: Int, width: Int)
    /// As large as fits into an area of this size (timm's `ResizeKeepRatio(longest=1)`).
    case fitting(height: Int, width: Int)

    /// The result's size; at least one pixel and no more than a reader may unpack.
    func checkedSize(of image: Image) throws -> (height: Int, width: Int) {
        let (height, width) = size(height: Double(image.height), width: Double(image.width))
        let limit = Double(ImageReader.defaultMaximumPixels)
        guard height >= 1, width >= 1, height * width <= limit else {
            throw InputError(
                "image", found: "\(image.width) × \(image.height) pixels, which the model's preprocessor cannot resize \(self)",
                needed: "a less extreme aspect ratio", remedy: "Crop the image")
        }
        return (Int(height), Int(width))
    }

    /// In whole numbers that may be too large for an `Int`.
    private func size(height: Double, width: Double) -> (height: Double, width: Double) {
        let (short, long) = (min(height, width), max(height, width))
        func oriented(short newShort: Double, long newLong: Double) -> (height: Double, width: Double) {
            width <= height ? (newLong, newShort) : (newShort, newLong)
        }
        func divided(by ratio: Double) -> (height: Double, width: Double) {
            ((height / ratio).rounded(.toNearestOrEven), (width / ratio).rounded(.toNearestOrEven))
        }
        switch self {
        case .sides(let newHeight, let newWidth): return (Double(newHeight), Double(newWidth))
        case .shortestEdge(let length):
            return oriented(short: Double(length), long: (Double(length) * long / short).rounded(.down))
        case .shortestEdgeWithin(let length, let longest):
            guard long / short * Double(length) > Double(longest) else {
                return Self.shortestEdge(length).size(height: height, width: width)
            }
            let exact = Double(longest) * short / long
            let rounded = exact.rounded(.toNearestOrEven)
            return short == rounded ? (height, width) : oriented(short: rounded, long: (exact * long / short).rounded(.down))
        case .covering(let newHeight, let newWidth): return divided(by: min(height / Double(newHeight), width / Double(newWidth)))
        case .fitting(let newHeight, let newWidth): return divided(by: max(height / Double(newHeight), width / Double(newWidth)))
        }
    }

    var description: String {
        switch self {
        case .sides(let height, let width): "to \(height) × \(width)"
        case .shortestEdge(let length): "the shortest edge to \(length)"
        case .shortestEdgeWithin(let length, let longest): "the shortest edge to \(length), the longest to at most \(longest)"
        case .covering(let height, let width): "to cover \(height) × \(width)"
        case .fitting(let height, let width): "to fit into \(height) × \(width)"
        }
    }
}

/// Where a crop around the middle begins, and what surrounds an image that is smaller.
enum CropRule: Sendable, Hashable {
    /// The transformers library: half the difference, rounded down, and black.
    case transformers
    /// torchvision: half the difference, rounded to even but towards zero where the image is smaller.
    case torchvision(surround: [UInt8])

    /// The image's coordinate that becomes the crop's first; negative where the image is smaller.
    func start(in length: Int, crop: Int) -> Int {
        let difference = length - crop
        switch self {
        case .transformers: return difference >> 1
        case .torchvision:
            return difference < 0 ? difference / 2 : Int((Double(difference) / 2).rounded(.toNearestOrEven))
        }
    }

    fileprivate var surround: [UInt8] {
        switch self {
        case .transformers: [0, 0, 0]
        case .torchvision(let surround): surround
        }
    }
}

extension Image {
    fileprivate func croppedAroundMiddle(height newHeight: Int, width newWidth: Int, rule: CropRule) -> Image {
        let (top, left) = (rule.start(in: height, crop: newHeight), rule.start(in: width, crop: newWidth))
        let columns = max(0, left)..<min(width, left + newWidth)
        let emptyRow = Array(repeatElement(rule.surround, count: newWidth).joined())
        var cropped: [UInt8] = []
        cropped.reserveCapacity(3 * newWidth * newHeight)
        for row in top..<(top + newHeight) {
            guard (0..<height).contains(row) else {
                cropped += emptyRow
                continue
            }
            cropped += emptyRow.prefix(3 * (columns.lowerBound - left))
            cropped += pixels[(3 * (row * width + columns.lowerBound))..<(3 * (row * width + columns.upperBound))]
            cropped += emptyRow.suffix(3 * (left + newWidth - columns.upperBound))
        }
        return Image(width: newWidth, height: newHeight, checked: cropped)
    }
}

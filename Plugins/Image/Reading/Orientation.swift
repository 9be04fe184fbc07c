/// How a stored image has to be turned to stand upright; the values are those of the EXIF tag `Orientation`.
enum Orientation: Int {
    case upright = 1
    case mirrored, halfTurned, flipped, transposed, quarterTurnedLeft, transversed, quarterTurnedRight

    /// Whether rows are stored as columns.
    var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }
}

extension Image {
    /// The image as it is meant to be seen.
    func upright(from orientation: Orientation) -> Image {
        // Where the first pixel of the result stands, and how far the next in its row and in its column are.
        let (right, down) = (1, width)
        let (lastInRow, lastRow) = (width - 1, width * (height - 1))
        let (first, nextInRow, nextRow) =
            switch orientation {
            case .upright: (0, right, down)
            case .mirrored: (lastInRow, -right, down)
            case .halfTurned: (lastInRow + lastRow, -right, -down)
            case .flipped: (lastRow, right, -down)
            case .transposed: (0, down, right)
            case .quarterTurnedLeft: (lastRow, -down, right)
            case .transversed: (lastInRow + lastRow, -down, -right)
            case .quarterTurnedRight: (lastInRow, down, -right)
            }
        if orientation == .upright { return self }
        let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                var index = 0
                for y in 0..<newHeight {
                    var pixel = 3 * (first + y * nextRow)
                    for _ in 0..<newWidth {
                        target.initializeElement(at: index, to: source[pixel])
                        target.initializeElement(at: index + 1, to: source[pixel + 1])
                        target.initializeElement(at: index + 2, to: source[pixel + 2])
                        index += 3
                        pixel += 3 * nextInRow
                    }
                }
            }
            count = pixels.count
        }
        return Image(width: newWidth, height: newHeight, checked: turned)
    }
}

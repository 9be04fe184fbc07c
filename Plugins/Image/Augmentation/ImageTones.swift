extension Image {
    /// The distance from a blurred picture times a factor; the outermost pixels stay as they are.
    func adjusted(sharpness factor: Double) -> Image {
        guard width > 2, height > 2 else { return self }
        var result = pixels
        let (own, rest) = (Float(factor), Float(1 - factor))
        for row in 1..<height - 1 {
            for place in 3 * (row * width + 1)..<3 * (row * width + width - 1) {
                var sum = 4 * Float(pixels[place])
                for above in [-3 * width, 0, 3 * width] {
                    for beside in [-3, 0, 3] { sum += Float(pixels[place + above + beside]) }
                }
                let blurred = (sum / 13).rounded(.toNearestOrEven)
                result[place] = UInt8(min(max(own * Float(pixels[place]) + rest * blurred, 0), 255))
            }
        }
        return Image(width: width, height: height, checked: result)
    }

    /// Each byte cut down to its first bits.
    func posterized(bits: Int) -> Image {
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(max(bits, 0), 8))
        return mapped { _ in { $0 & mask } }
    }

    /// Each byte from a threshold on turned into its opposite.
    func solarized(threshold: Float) -> Image { mapped { _ in { Float($0) >= threshold ? 255 - $0 : $0 } } }

    /// Each channel stretched to all of its range.
    func withAutomaticContrast() -> Image {
        mapped { counts in
            guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }), first < last
            else { return { $0 } }
            let (least, scale) = (Float(first), 255 / Float(last - first))
            return { UInt8(min(max((Float($0) - least) * scale, 0), 255)) }
        }
    }

    /// Each channel's values spread so that all are alike frequent.
    func equalized() -> Image {
        mapped { counts in
            guard let last = counts.last(where: { $0 > 0 }) else { return { $0 } }
            let step = (counts.reduce(0, +) - last) / 255
            guard step > 0 else { return { $0 } }
            var (table, sum): ([UInt8], Int) = ([], 0)
            for count in counts {
                table.append(UInt8(min(255, sum == 0 ? 0 : (sum + step / 2) / step)))
                sum += count
            }
            return { table[Int($0)] }
        }
    }

    /// Each byte by a function that is made for its channel, of how often each value is there.
    private func mapped(_ function: (_ counts: [Int]) -> (UInt8) -> UInt8) -> Image {
        var result = pixels
        for channel in 0..<3 {
            var counts = [Int](repeating: 0, count: 256)
            for place in stride(from: channel, to: pixels.count, by: 3) { counts[Int(pixels[place])] += 1 }
            let change = function(counts)
            let table = (0...255).map { change(UInt8($0)) }
            for place in stride(from: channel, to: pixels.count, by: 3) { result[place] = table[Int(pixels[place])] }
        }
        return Image(width: width, height: height, checked: result)
    }
}

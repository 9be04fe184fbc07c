import AttentionEngine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The power spectra of overlapping stretches of sound: a short-time Fourier transform with a periodic Hann window.
///
/// It is a product with the Fourier basis on the engine's kernels. Cosine and sine are even or odd about the middle of a
/// stretch, and at every other frequency even, at the others odd, about its quarters; so samples are added to or subtracted
/// from their mirror images twice, and four products of a quarter of the depth and half the width do the work.
struct PowerSpectrum: Sendable {
    /// Samples in a stretch, a multiple of four.
    let length: Int
    /// Samples from the start of one stretch to that of the next.
    let hop: Int
    /// Frequencies from 0 to half the sample rate, `sample rate / length` apart.
    var binCount: Int { length / 2 + 1 }

    private let window: [Float]
    private let evenCosines, oddCosines, evenSines, oddSines: Linear

    /// - Parameter length: a multiple of four.
    /// - Throws: `InputError` if there is not the memory.
    init(length: Int, hop: Int) throws {
        precondition(length > 0 && length % 4 == 0, "a stretch of \(length) samples cannot be folded twice")
        self.length = length
        self.hop = hop
        let angle = 2 * Double.pi / Double(length)
        window = (0...(length / 2)).map { Float(0.5 - 0.5 * cos(angle * Double($0))) }
        let quarter = length / 4
        func basis(_ firstBin: Int, _ wave: (Double) -> Double) throws -> Linear {
            let bins = stride(from: firstBin, through: length / 2, by: 2)
            let elements = bins.flatMap { bin in
                // The last place is its own mirror image and comes doubled.
                (0...quarter).map { Float(wave(angle * Double(bin * $0 % length)) * ($0 == quarter ? 0.5 : 1)) }
            }
            return Linear(try PackedMatrix([Tensor(elements, shape: [elements.count / (quarter + 1), quarter + 1])]))
        }
        evenCosines = try basis(0, cos)
        oddCosines = try basis(1, cos)
        evenSines = try basis(0, sin)
        oddSines = try basis(1, sin)
    }

    /// Samples that `count` stretches cover.
    func sampleCount(frames count: Int) -> Int { (count - 1) * hop + length }

    /// The power of every frequency in consecutive stretches.
    ///
    /// - Parameter samples: `sampleCount(frames:)` of them.
    /// - Returns: `[frames, bins]`.
    func callAsFunction(_ samples: [Float], frames: Int) -> Tensor {
        precondition(frames > 0 && samples.count == sampleCount(frames: frames), "\(samples.count) samples for \(frames) frames")
        let folded = folded(samples, frames)
        func part(_ index: Int) -> Tensor { folded.sliced(index..<(index + 1), along: 0) }
        return Tensor(shape: [frames, binCount]) { power in
            power.withUnsafeMutableBufferPointer { power in
                Self.writeSquares(of: evenCosines(part(0)), and: evenSines(part(3)), to: power, firstBin: 0, binCount: binCount)
                Self.writeSquares(of: oddCosines(part(1)), and: oddSines(part(2)), to: power, firstBin: 1, binCount: binCount)
            }
        }
    }

    /// Weighted samples with their mirror images about the middle added or subtracted, and then with those about the quarters:
    /// sum of sums, difference of sums, sum of differences, difference of differences.
    ///
    /// - Returns: `[4, frames, length / 4 + 1]`.
    private func folded(_ samples: [Float], _ frames: Int) -> Tensor {
        let (half, quarter) = (length / 2, length / 4)
        let size = frames * (quarter + 1)
        return Tensor(shape: [4, frames, quarter + 1]) { rows in
            rows.withUnsafeMutableBufferPointer { rows in
                samples.withUnsafeBufferPointer { samples in
                    window.withUnsafeBufferPointer { window in
                        for frame in 0..<frames {
                            let start = frame * hop
                            let (middle, end, row) = (start + half, start + length, frame * (quarter + 1))
                            // The window is zero at the start, and the middle is its own mirror image.
                            rows[row] = window[half] * samples[middle]
                            rows[row + size] = -rows[row]
                            for place in 1...quarter {
                                let (outer, inner) = (window[place], window[half - place])
                                let outerSum = outer * (samples[start + place] + samples[end - place])
                                let outerDifference = outer * (samples[start + place] - samples[end - place])
                                let innerSum = inner * (samples[middle - place] + samples[middle + place])
                                let innerDifference = inner * (samples[middle - place] - samples[middle + place])
                                rows[row + place] = outerSum + innerSum
                                rows[row + size + place] = outerSum - innerSum
                                rows[row + 2 * size + place] = outerDifference + innerDifference
                                rows[row + 3 * size + place] = outerDifference - innerDifference
                            }
                        }
                    }
                }
            }
        }
    }

    /// Writes the powers of every other bin.
    private static func writeSquares(
        of real: Tensor, and imaginary: Tensor, to power: UnsafeMutableBufferPointer<Float>, firstBin: Int, binCount: Int
    ) {
        let width = real.width
        real.withFloatPointer { real in
            imaginary.withFloatPointer { imaginary in
                for frame in 0..<(real.count / width) {
                    let (row, from) = (frame * binCount + firstBin, frame * width)
                    for bin in 0..<width {
                        let (cosine, sine) = (real[from + bin], imaginary[from + bin])
                        power[row + 2 * bin] = cosine * cosine + sine * sine
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Lends the elements to a loop too hot for checked access.
    func withFloatPointer<R>(_ body: (UnsafeBufferPointer<Float>) -> R) -> R {
        withFloats { $0.withUnsafeBufferPointer(body) }
    }
}

import AttentionEngine
import AudioPlugin
import Foundation
import Testing

@Suite("Augmenting sounds")
struct AudioAugmentationTests {
    private let tone = Waveform(samples: (0..<4001).map { sin(Float($0) * 0.2) * 0.5 }, sampleRate: 8000)

    @Test("Nothing changes at no strength")
    func identity() {
        var generator = SeededGenerator(state: 1)
        let steps: [any WaveformAugmentation] = [
            SpeedPerturbation(factors: [1]), SpeedPerturbation(factors: []), RandomGain(decibels: 0...0), TimeShift(seconds: 0),
        ]
        for step in steps { #expect(step(tone, using: &generator).samples.elementsEqual(tone.samples)) }
        var features: [Float] = (0..<63).map { Float($0) }
        let before = features
        SpecAugment(frequencyMasks: 0, timeMasks: 0)(&features, bins: 7, frames: 9, using: &generator)
        SpecAugment(frequencyWidth: 0, timeWidth: 0)(&features, bins: 7, frames: 9, using: &generator)
        #expect(features.elementsEqual(before))
        let empty = Waveform(samples: [], sampleRate: 8000)
        for step in [SpeedPerturbation(factors: [1.1]), AddedNoise(), RandomGain(), TimeShift()] as [any WaveformAugmentation] {
            #expect(step(empty, using: &generator).samples.isEmpty)
        }
    }

    @Test("A faster tone is a shorter and higher one", arguments: [0.9, 1.1, 1.37])
    func speed(factor: Double) {
        var generator = SeededGenerator(state: 1)
        let fast = SpeedPerturbation(factors: [factor])(tone, using: &generator).samples
        #expect(fast.count == Int((4001 / factor).rounded(.up)))
        var difference: Float = 0
        for index in 50..<fast.count - 50 {
            let expected = 0.5 * sin(Double(index) * factor * 0.2)
            difference = max(difference, abs(fast[index] - Float(expected)))
        }
        #expect(difference < 0.01)
    }

    @Test("Noise has the power that is asked for", arguments: [0.0, 20])
    func noise(decibels: Double) {
        var generator = SeededGenerator(state: 3)
        let recording = Waveform(samples: (0..<77).map { Float($0 % 5) - 2 }, sampleRate: 8000)
        for noises in [[], [recording]] {
            let noisy = AddedNoise(ratio: decibels...decibels, noises: noises)(tone, using: &generator)
            let noise = zip(noisy.samples, tone.samples).reduce(0.0) { sum, pair in sum + pow(Double(pair.0 - pair.1), 2) }
            let own = tone.samples.reduce(0.0) { $0 + pow(Double($1), 2) }
            #expect(abs(10 * log10(own / noise) - decibels) < 0.01)
        }
    }

    @Test("Gain, shift and joining")
    func others() throws {
        var generator = SeededGenerator(state: 3)
        let loud = RandomGain(decibels: 6...6)(tone, using: &generator)
        #expect(abs(loud.samples[100] / tone.samples[100] - 1.99526) < 1e-4)
        var starts: Set<Int> = []
        for _ in 0..<500 {
            let shifted = TimeShift(seconds: 0.001)(
                Waveform(samples: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], sampleRate: 8000), using: &generator)
            starts.insert(shifted.samples.firstIndex(of: 1) ?? -1)
        }
        #expect(starts == Set(1...17))
        let joined = try #require(Waveform(concatenating: [tone, tone], pause: 0.5))
        #expect(joined.samples.count == 2 * 4001 + 4000)
        #expect(Waveform(concatenating: [tone, Waveform(samples: [], sampleRate: 1)]) == nil)
    }

    @Test("Masks are rows and columns of the mean, no wider than asked for")
    func masks() {
        var generator = SeededGenerator(state: 8)
        var widths: Set<Int> = []
        for _ in 0..<200 {
            var features: [Float] = (0..<13 * 31).map { Float($0 + 1000) }
            SpecAugment(frequencyMasks: 1, frequencyWidth: 4, timeMasks: 0)(&features, bins: 13, frames: 31, using: &generator)
            let masked = (0..<13).filter { bin in (0..<31).allSatisfy { features[bin * 31 + $0] == 1201 } }
            widths.insert(masked.count)
            #expect(masked.isEmpty || masked.last! - masked[0] == masked.count - 1)
        }
        #expect(widths == Set(0...4))
    }
}

import Foundation
import Testing

@testable import AttentionEngine

/// A call of the reference's `generate`.
struct GenerationCase: Decodable, CustomTestStringConvertible {
    struct Options: Decodable {
        var maxNewTokens: Int
        var padTokenId: Int
        var eosTokenId: OneOrMore
        var numBeams: Int?
        var numReturnSequences: Int?
        var lengthPenalty: Float?
        var earlyStopping: EarlyStopping?
        var forcedEosTokenId: Int?
        var forcedBosTokenId: Int?
        var badWordsIds: [[Int]]?
        var repetitionPenalty: Float?
        var noRepeatNgramSize: Int?
        var minNewTokens: Int?
        var minLength: Int?
        var suppressTokens: [Int]?
        var beginSuppressTokens: [Int]?
        var encoderRepetitionPenalty: Float?
        var encoderNoRepeatNgramSize: Int?
        var sequenceBias: [BiasedSequence]?
        var exponentialDecayLengthPenalty: [Float]?
        var renormalizeLogits: Bool?
        var removeInvalidValues: Bool?
    }

    struct BiasedSequence: Decodable {
        let value: GenerationConfiguration.BiasedSequence
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            value = .init(ids: try container.decode([Int].self), bias: try container.decode(Float.self))
        }
    }

    struct OneOrMore: Decodable {
        let ids: [Int]
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            ids = try (try? container.decode(Int.self)).map { [$0] } ?? container.decode([Int].self)
        }
    }

    struct EarlyStopping: Decodable {
        let value: GenerationConfiguration.EarlyStopping
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let flag = try? container.decode(Bool.self)
            value = flag.map { $0 ? .whenEnough : .whenUnlikelyToImprove } ?? .whenImpossibleToImprove
        }
    }

    var model: String
    var options: Options
    var sequences: [[Int]]
    var scores: [Float]?
    var prompts: [[Int]]?

    static let all: [GenerationCase] = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try? Data(contentsOf: URL(filePath: DecoderFixture.path("generation.json")))
        return data.flatMap { try? decoder.decode([GenerationCase].self, from: $0) } ?? []
    }()

    var testDescription: String { "\(model) \(options)" }

    var configuration: GenerationConfiguration {
        var result = GenerationConfiguration()
        result.maximumNewTokens = options.maxNewTokens
        result.paddingToken = options.padTokenId
        result.endTokens = options.eosTokenId.ids
        result.beamCount = options.numBeams ?? 1
        result.resultCount = options.numReturnSequences ?? 1
        result.lengthPenalty = options.lengthPenalty ?? 1
        result.earlyStopping = options.earlyStopping?.value ?? .whenUnlikelyToImprove
        result.forcedLastTokens = options.forcedEosTokenId.map { [$0] } ?? []
        result.forcedFirstToken = options.forcedBosTokenId
        result.badWords = options.badWordsIds ?? []
        result.repetitionPenalty = options.repetitionPenalty ?? 1
        result.noRepeatNGramSize = options.noRepeatNgramSize ?? 0
        result.minimumNewTokens = options.minNewTokens ?? 0
        result.minimumLength = options.minLength ?? 0
        result.suppressedTokens = options.suppressTokens ?? []
        result.beginSuppressedTokens = options.beginSuppressTokens ?? []
        result.sourceRepetitionPenalty = options.encoderRepetitionPenalty ?? 1
        result.noSourceNGramSize = options.encoderNoRepeatNgramSize ?? 0
        result.sequenceBiases = options.sequenceBias?.map(\.value) ?? []
        result.exponentialDecay = options.exponentialDecayLengthPenalty.map { .init(start: Int($0[0]), factor: $0[1]) }
        result.renormalizesScores = options.renormalizeLogits ?? false
        result.replacesInvalidScores = options.removeInvalidValues ?? false
        return result
    }
}

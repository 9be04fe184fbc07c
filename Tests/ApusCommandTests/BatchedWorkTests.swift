import ArgumentParser
import AttentionEngine
import Foundation
import PluginKit
import Synchronization
import Testing

@testable import ApusCommand

/// A modality that no command has heard of: lines of numbers in files named `.row`.
private struct Row: Sendable, Equatable {
    var numbers: [Int]
}

private struct RowReader: Reader {
    static let kind = "row"
    static let fileTypes: Set = ["row"]

    func read(_ file: InputFile, limits: ReadingLimits) throws -> Row {
        let words = String(decoding: try file.bytes(), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let numbers = words.compactMap { Int($0) }
        guard numbers.count == words.count else {
            throw InputError(file.name, found: "words", needed: "numbers", remedy: "Write numbers")
        }
        return Row(numbers: numbers)
    }
}

@Suite("Work on files of any modality, in batches")
struct BatchedWorkTests {
    let files: TemporaryFolder
    let model: TinyModel

    init() throws {
        files = try TemporaryFolder()
        model = try TinyModel()
        for number in 0..<7 { try files.write("\(number).row", .init("\(number) 1".utf8)) }
        try files.write("ignored.txt", .init())
    }

    private func work(batchSize: Int) throws -> BatchedWork<Row> {
        var registry = try Registry()
        try registry.register(RowReader())
        return BatchedWork<Row>(
            try InputOptions.parse([files.url.path]), try ReadingOptions.parse([]),
            try BatchOptions.parse(["--batch-size", "\(batchSize)"]), try OutputOptions.parse([]), registry: registry,
            checkpoint: try Checkpoint(model.path))
    }

    @Test("Answers come in the order of the files, from batches no larger than asked", arguments: [1, 2, 3, 7, 100])
    func order(batchSize: Int) throws {
        var shown: [Int] = []
        var sizes: [Int] = []
        try work(batchSize: batchSize).run { rows in
            sizes.append(rows.count)
            return rows.map { $0.numbers[0] * 10 }
        } show: { name, answer in
            #expect(name == files.path("\(answer / 10).row"))
            shown.append(answer)
        }
        #expect(shown == [0, 10, 20, 30, 40, 50, 60])
        #expect(sizes.allSatisfy { $0 <= batchSize } && sizes.reduce(0, +) == 7)
    }

    @Test("An input that the model refuses fails alone, though it came in a batch")
    func refusedInput() throws {
        struct Refused: Error {}
        var shown: [Int] = []
        #expect(throws: ExitCode.failure) {
            try work(batchSize: 4).run { rows in
                if rows.contains(where: { $0.numbers[0] == 2 }) { throw Refused() }
                return rows.map { $0.numbers[0] }
            } show: { _, answer in
                shown.append(answer)
            }
        }
        #expect(shown == [0, 1, 3, 4, 5, 6])
    }

    @Test("A file that cannot be read fails alone")
    func unreadableInput() throws {
        try files.write("3.row", .init("three".utf8))
        var shown: [Int] = []
        #expect(throws: ExitCode.failure) {
            try work(batchSize: 3).run {
                $0.map { $0.numbers[0] }
            } show: { _, answer in
                shown.append(answer)
            }
        }
        #expect(shown == [0, 1, 2, 4, 5, 6])
    }

    @Test("What is wrong with the model ends the work")
    func modelAtFault() throws {
        var calls = 0
        #expect(throws: InputError.self) {
            try work(batchSize: 2).run { _ -> [Int] in
                calls += 1
                throw InputError(model.folder.path("config.json"), found: "nonsense", needed: "", remedy: "")
            } show: { _, _ in
            }
        }
        #expect(calls == 1)
    }
}

import Foundation
import Testing

@testable import ApusCommand

@Suite("apus translate and generate")
struct WritingCommandTests {
    private let starters = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Samples/StarterModels").standardized.path
    private let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/text").standardized

    private func translate(_ arguments: String..., input: String = "") throws -> CommandRun {
        try CommandRun(["translate"] + arguments, input: Data(input.utf8), environment: ["APUS_MODELS": starters])
    }

    private struct Row: Decodable {
        var text, beam, greedy: String
    }

    @Test("the starter model says what the reference says")
    func reference() throws {
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: fixtures.appending(path: "translations.json")))
        let input = rows.map { $0.text + "\n" }.joined()
        let beam = try translate("-", input: input).lines
        let greedy = try translate("-", "--beam", "1", input: input).lines
        #expect(beam.count == rows.count && greedy.count == rows.count)
        // In bf16, which some processors take by themselves, one tie in forty may fall the other way.
        #expect(zip(rows, beam).count { $0.beam != $1 } <= 1)
        #expect(zip(rows, greedy).count { $0.greedy != $1 } <= 1)
    }

    @Test("a line out for each line in, blank lines and leading spaces kept, whatever the batches")
    func lines() throws {
        let input = "Good morning.\n\n   How are you?\n \t\nGood night."
        let run = try translate("-", input: input)
        #expect(run.status == 0 && run.lines.count == 5)
        #expect(run.lines[1].isEmpty && run.lines[2].hasPrefix("   ") && run.lines[3] == " \t")
        #expect(try translate("-", "--batch-size", "1", input: input).output == run.output)
        #expect(try translate("-", "--threads", "1", input: input).output == run.output)
        #expect(try translate("-", input: "").output.isEmpty)
    }

    @Test("who types a line and waits is answered before the next", .timeLimit(.minutes(2)))
    func pauses() throws {
        for (command, model) in [("translate", "\(starters)/marian-en-fr"), ("embed", fixtures.appending(path: "bert").path)] {
            let process = Process(), input = Pipe(), output = Pipe()
            process.executableURL = try CommandRun.executable
            process.arguments = [command, "--model", model, "-"]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            defer { process.terminate() }
            for text in ["Good morning.", "Yes.\nNo.", ""] {
                try input.fileHandleForWriting.write(contentsOf: Data("\(text)\n".utf8))
                // If no answer comes, the test does not end either; it says so within the time limit.
                var answer = Data()
                while answer.count(where: { $0 == UInt8(ascii: "\n") }) <= text.count(where: \.isNewline) {
                    let part = output.fileHandleForReading.availableData
                    if part.isEmpty { break }
                    answer += part
                }
                #expect(answer.last == UInt8(ascii: "\n"))
            }
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    @Test("long paragraphs lose nothing of their end, and a megabyte without spaces is no reason to crash")
    func long() throws {
        let sentences = Array(repeating: "Tom is reading a book.", count: 40)
        let one = try translate(sentences[0]).lines[0]
        let all = try translate(sentences.joined(separator: " ")).lines[0]
        #expect(all == Array(repeating: one, count: 40).joined(separator: " "))
        // Few tokens of the whole, not of each sentence.
        let short = try translate(sentences.prefix(2).joined(separator: " "), "--max-tokens", "3", "--beam", "1").lines[0]
        #expect(short.split(separator: " ").count <= 3)
        let word = try translate(
            "-", "--beam", "1", "--max-tokens", "4", input: String(repeating: "x", count: 1 << 20) + "\nYes.\n")
        #expect(word.status == 0 && word.lines.count == 2)
    }

    @Test("n-best and JSON give scores, the best first")
    func candidates() throws {
        let plain = try translate("How are you?", "--n-best", "3").lines
        #expect(plain.count == 3 && plain.allSatisfy { $0.contains("\t") })
        let object = try #require(try translate("How are you?", "--n-best", "3", "--json").objects.first)
        let scores = try #require(object["translations"] as? [[String: Any]]).compactMap { $0["score"] as? Double }
        #expect(scores.count == 3 && scores == scores.sorted(by: >))
    }

    @Test("languages the model does not know are named; flags are checked")
    func complaints() throws {
        #expect(try translate("x", "--to", "fr").status == 0)
        // A flag is at fault once, however many texts there are.
        let run = try translate("x", "y", "z", "--to", "xx")
        #expect(run.status == 1 && run.errors.split(separator: "\n").count == 1 && run.errors.contains("xx; needed fr"))
        #expect(try translate("x", "--from", "en").status == 0)
        let other = try translate("x", "y", "--from", "de")
        #expect(other.status == 1 && other.errors.contains("--from: de; needed en"))
        for (flag, value) in [("--beam", "0"), ("--n-best", "-1"), ("--max-tokens", "x"), ("--length-penalty", "nan")] {
            #expect(try translate("x", flag, value).status == 64, "\(flag) \(value)")
        }
    }

    @Test("generate writes the same for the same seed, and ends at a stop")
    func generate() throws {
        let model = fixtures.appending(path: "gpt2").path
        let first = try CommandRun("generate", "--model", model, "the a", "--max-tokens", "9", "--seed", "3", "--json")
        let second = try CommandRun("generate", "--model", model, "the a", "--max-tokens", "9", "--seed", "3", "--json")
        #expect(first.status == 0 && first.output == second.output)
        let object = try #require(try first.objects.first)
        #expect((object["ids"] as? [Int])?.count == 9 && object["prompt"] as? String == "the a")
        #expect(try CommandRun("generate", "--model", model, "x", "--temperature", "-1").status == 64)
        #expect(try CommandRun("generate", "--model", model, "x", "--min-p", "1.5").status == 64)
        // Nothing but the likeliest token is as likely as the likeliest.
        let (likeliest, drawn) = (["--temperature", "0"], ["--min-p", "1", "--seed", "5"])
        let runs = try [likeliest, drawn].map { try CommandRun(["generate", "--model", model, "the a"] + $0) }
        #expect(runs[0].status == 0 && runs[0].output == runs[1].output)
        let long = try CommandRun("generate", "--model", model, String(repeating: "x", count: 60))
        #expect(long.status == 1 && long.errors.contains("60 tokens") && long.output.isEmpty)
    }

    @Test("bench counts the tokens that are written, as many as asked for")
    func bench() throws {
        for (task, model) in [("translate", "marian"), ("generate", "gpt2")] {
            let run = try CommandRun(
                "bench", task, "--model", fixtures.appending(path: model).path, "--input-tokens", "5", "--output-tokens", "4",
                "--batch-size", "2", "--runs", "1", "--warm-up", "0", "--json")
            #expect(run.status == 0 && run.errors.isEmpty)
            let object = try #require(try run.objects.first)
            let rate = try #require(object["items_per_second"] as? Double),
                time = try #require(object["best_milliseconds"] as? Double)
            #expect(object["batch_size"] as? Int == 2 && abs(rate * time / 1000 - 8) < 0.1)
        }
        #expect(try CommandRun("bench", "generate", "--model", fixtures.appending(path: "bert").path).status == 1)
    }

    @Test("bench tokenize counts the bytes of a text")
    func benchTokenize() throws {
        let model = fixtures.appending(path: "gpt2").path
        let run = try CommandRun(
            "bench", "tokenize", "--model", model, "-", "--runs", "1", "--warm-up", "0", "--json",
            input: Data("the a\n\nthe".utf8))
        let object = try #require(try run.objects.first)
        #expect(
            object["bytes"] as? Int == 11 && object["megabytes_per_second"] is Double && object["task"] as? String == "tokenize")
        #expect(try CommandRun("bench", "tokenize", "--model", model, "--runs", "1").lines.contains { $0.hasSuffix(" MB/s") })
        let missing = try CommandRun("bench", "tokenize", "--model", model, "/nonexistent")
        #expect(missing.status == 1 && missing.errors.contains("/nonexistent"))
        #expect(try CommandRun("bench", "tokenize", "--model", model, "-").status == 1)
    }

    @Test("text that may become a stop is held back until it does or does not")
    func stops() {
        var text = StoppedText(stops: ["END", "###"])
        #expect(text.append("abcE") == "abc" && text.append("N") == "" && text.append("Dx") == "" && text.isStopped)
        #expect(text.text == "abc" && text.finish() == "")
        var other = StoppedText(stops: ["END"])
        #expect(other.append("xEN") == "x" && other.append("Q") == "ENQ" && other.append("E") == "" && other.finish() == "E")
        #expect(other.text == "xENQE" && !other.isStopped)
    }
}

import Foundation
import Testing

@Suite("apus classify")
struct ClassifyTests {
    let photos: TemporaryFolder
    let model: TinyModel

    init() throws {
        model = try TinyModel()
        photos = try TemporaryFolder()
        try photos.writePhoto("a.ppm", red: 220, green: 40, blue: 30)
        try photos.writePhoto("b.ppm", red: 240, green: 220, blue: 40)
        try photos.writePhoto("below/c.ppm", red: 60, green: 160, blue: 40)
        try photos.writePhoto("below/d.ppm", red: 120, green: 70, blue: 20)
        try photos.write("notes.txt", Data("no photo".utf8))
    }

    private func predictions(_ object: [String: Any]) -> [(label: String, probability: Double)] {
        (object["predictions"] as? [[String: Any]] ?? []).map {
            ($0["label"] as? String ?? "", $0["probability"] as? Double ?? -1)
        }
    }

    @Test("Without --model the starter model answers: the name, then five labels with percentages")
    func starterModel() throws {
        let run = try CommandRun("classify", photos.path("a.ppm"))
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.lines.count == 6)
        #expect(run.lines[0] == photos.path("a.ppm"))
        #expect(run.lines.dropFirst().allSatisfy { $0.wholeMatch(of: /\ +<?[0-9]+\.[0-9]%  [A-Z][A-Za-z-]+/) != nil })
        #expect(!run.output.contains("\u{1B}"))
    }

    @Test("--json prints an object for each input, its probabilities falling and adding up to one")
    func json() throws {
        let run = try CommandRun("classify", "--json", "--top", "1000", photos.path("a.ppm"), photos.path("b.ppm"))
        #expect(run.status == 0)
        let objects = try run.objects
        #expect(objects.map { $0["input"] as? String } == [photos.path("a.ppm"), photos.path("b.ppm")])
        for object in objects {
            let probabilities = predictions(object).map(\.probability)
            #expect(probabilities.count == 34)
            #expect(probabilities == probabilities.sorted(by: >))
            #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
        }
        #expect(run.lines[0].hasPrefix(#"{"input":"/"#))
        #expect(run.lines[0].contains(#""predictions":[{"index":"#))
    }

    @Test("--top says how many labels, and more than there are means all")
    func top() throws {
        #expect(try CommandRun("classify", "--model", model.path, "--top", "2", photos.path("a.ppm")).lines.count == 3)
        #expect(try CommandRun("classify", "--model", model.path, "--top", "99", photos.path("a.ppm")).lines.count == 6)
    }

    @Test("A folder stands for the photos in it and below, in order")
    func folder() throws {
        let run = try CommandRun("classify", "--json", "--model", model.path, photos.url.path)
        #expect(run.status == 0)
        #expect(
            try run.objects.map { $0["input"] as? String }
                == ["a.ppm", "b.ppm", "below/c.ppm", "below/d.ppm"].map(photos.path))
    }

    @Test("- is standard input")
    func standardInput() throws {
        let photo = try Data(contentsOf: URL(fileURLWithPath: photos.path("a.ppm")))
        let run = try CommandRun("classify", "--model", model.path, "-", input: photo)
        let named = try CommandRun("classify", "--model", model.path, photos.path("a.ppm"))
        #expect(run.lines.first == "standard input")
        #expect(run.lines.dropFirst() == named.lines.dropFirst())
        let json = try CommandRun("classify", "--model", model.path, "--json", "-", input: photo)
        #expect(try json.objects.first?["input"] as? String == "-")
    }

    @Test(
        "Batch size and threads change nothing in the answers",
        arguments: [["--batch-size", "1"], ["--threads", "1"], ["--threads", "5"]])
    func invariance(flags: [String]) throws {
        let one = try CommandRun(["classify", "--json", photos.url.path] + flags)
        let other = try CommandRun("classify", "--json", "--batch-size", "3", photos.url.path)
        #expect(one.status == 0)
        for (one, other) in zip(try one.objects, try other.objects) {
            #expect(one["input"] as? String == other["input"] as? String)
            #expect(predictions(one).map(\.label) == predictions(other).map(\.label))
            for (one, other) in zip(predictions(one), predictions(other)) {
                #expect(abs(one.probability - other.probability) < 1e-5)
            }
        }
        #expect(try one.objects.count == 4)
    }

    @Test("Standard error stays silent where it is no terminal, however long the work")
    func noBarInAPipe() throws {
        let many = (0..<40).map { _ in photos.path("a.ppm") }
        let run = try CommandRun(["classify", "--model", model.path] + many)
        #expect(run.errors.isEmpty)
        #expect(run.lines.count == 40 * 6)
    }

    @Test("A name with a line break or a terminal's commands stays in its line")
    func hostileName() throws {
        let path = try photos.writePhoto("x\n\u{1B}[31m.ppm", red: 1, green: 2, blue: 3)
        let run = try CommandRun("classify", "--model", model.path, path)
        #expect(run.status == 0)
        #expect(run.lines.count == 6)
        #expect(!run.output.contains("\u{1B}"))
        let json = try CommandRun("classify", "--json", "--model", model.path, path)
        #expect(try json.objects.first?["input"] as? String == path)
    }
}

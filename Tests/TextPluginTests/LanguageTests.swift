import Testing

@testable import TextPlugin

@Suite("The languages of translation models")
struct LanguageTests {
    private let many = MarianLanguages(codes: ["spa", "fra", "ita"], source: "eng", target: "roa")

    private func sentence(_ languages: MarianLanguages, _ texts: [String], from: String? = nil, to: String? = nil) -> String {
        do {
            _ = try languages.tasks(texts, from: from, to: to)
            return ""
        } catch { return "\(error)" }
    }

    @Test("a mark stands before each text: the one asked for, or the text's own")
    func marks() throws {
        let asked = try many.tasks(["one", "two"], from: nil, to: "fra")
        #expect(asked.map(\.prefix) == [">>fra<<", ">>fra<<"] && asked.map(\.text) == ["one", "two"])
        let own = try many.tasks([">>spa<< one", "", " ", ">>ita<<two"], from: "fra", to: nil)
        #expect(own.map(\.prefix) == [">>spa<<", "", "", ">>ita<<"] && own.map(\.text) == ["one", "", " ", "two"])
        // A model of one language has no marks, and takes such text as text.
        let single = MarianLanguages(codes: [], source: "en", target: "fr")
        #expect(try single.tasks([">>fra<< one"], from: "en", to: "fr").map(\.text) == [">>fra<< one"])
        #expect(try single.tasks(["one"], from: nil, to: nil).map(\.prefix) == [""])
    }

    @Test("without a language, with one the model does not write or read, the error lists those it knows")
    func refusals() {
        let all = "needed one of those the model writes: fra, ita, spa. Name it with --to fra"
        #expect(sentence(many, ["one", "two"]).hasPrefix("--to: no language to translate to; \(all)"))
        #expect(sentence(many, ["one"]).hasPrefix("no language to translate to; \(all)"))
        #expect(sentence(many, [">>fra<< one", "two"]).hasPrefix("no language to translate to; \(all)"))
        #expect(sentence(many, [">>deu<< one"]).contains("needed one of those"))
        #expect(
            sentence(many, ["one"], to: "deu")
                == "--to: deu; needed one of those the model writes: fra, ita, spa. Name one of them.")
        let dozens = MarianLanguages(codes: (100..<150).map { "c\($0)" }, source: nil, target: nil)
        #expect(sentence(dozens, ["one"]).contains("one of the 50 the model writes: c100, c101,"))
        #expect(sentence(dozens, ["one"]).contains("c111 and so on") && !sentence(dozens, ["one"]).contains("c112"))

        let single = MarianLanguages(codes: [], source: "en", target: "fr")
        #expect(sentence(single, ["one"], to: "de").hasPrefix("--to: de; needed fr, which the model writes"))
        #expect(sentence(single, ["one"], from: "de", to: "fr").hasPrefix("--from: de; needed en, which the model reads"))
        let silent = MarianLanguages(codes: [], source: nil, target: nil)
        #expect(sentence(silent, ["one"], to: "de").contains("Leave --to out"))
        #expect(sentence(silent, ["one"], from: "de").isEmpty)
    }

    @Test("the codes are those of the vocabulary's marks")
    func vocabulary() throws {
        #expect(try MarianLanguages.codes(of: TokenizerFixtures.tokenizer("marian-unigram")) == ["fra"])
        #expect(try MarianLanguages.codes(of: TokenizerFixtures.tokenizer("wordpiece-bert")).isEmpty)
    }

    @Test("T5's words for the task stand before each text: those asked for, or the text's own")
    func words() {
        func parts(_ text: String, _ prefix: String? = nil) -> [String] {
            let task = T5Family.task(text, prefix)
            return [task.prefix, task.text]
        }
        #expect(parts("Good night.", "translate English to German:") == ["translate English to German:", "Good night."])
        #expect(parts("translate English to German: Good night.") == ["translate English to German:", "Good night."])
        #expect(parts("translate this to me: no") == ["translate this to me:", "no"])
        for text in ["summarize: a text", "translate English to German", "translate a b to c: d", ":", ""] {
            #expect(parts(text) == ["", text])
        }
    }
}

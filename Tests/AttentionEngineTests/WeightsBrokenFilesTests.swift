import Foundation
import Testing

@testable import AttentionEngine

@Suite("Broken safetensors")
struct BrokenSafetensorsTests {
    /// What opening a file of these bytes says; `nil` if it opens.
    private func complaint(_ bytes: [UInt8]) throws -> String? {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "model.safetensors")
        do {
            _ = try SafetensorsFile(path)
            return nil
        } catch let error as InputError {
            #expect(error.description.contains("model.safetensors"))
            return error.description
        }
    }

    private static let good = safetensors(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I8","shape":[3],"data_offsets":[8,11]}}"#,
        dataByteCount: 11)

    @Test("a file cut short anywhere is refused, and nothing but the whole file is accepted")
    func truncation() throws {
        #expect(try complaint(Self.good) == nil)
        for length in 0..<Self.good.count { #expect(try complaint(Array(Self.good.prefix(length))) != nil) }
        #expect(try complaint(Self.good + [0])?.contains("12 bytes of tensors; needed 11") == true)
        #expect(try complaint(Self.good.dropLast())?.contains("cut short; download it again") == true)
    }

    @Test("a header length that lies is refused before anything is read", arguments: [UInt64.max, 1 << 63, 100_000_001, 5000])
    func headerLength(_ length: UInt64) throws {
        let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
        #expect(try complaint(bytes)?.contains("header") == true)
    }

    private static let huge = "4611686018427387904"

    @Test(
        "each broken entry gets its sentence",
        arguments: [
            ("{}", 0, "without a usable dtype"),
            (#"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#, 4, "without a usable dtype"),
            (#"{"dtype":"F32","shape":[1],"data_offsets":[0]}"#, 4, "without a usable dtype"),
            (#"{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}"#, 4, "more than 2 numbers"),
            (#"{"dtype":"F99","shape":[1],"data_offsets":[0,4]}"#, 4, "unknown element type `F99`"),
            (#"{"dtype":32,"shape":[1],"data_offsets":[0,4]}"#, 4, "expected"),
            (#"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#, 4, "an integer of 0 or more"),
            (#"{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}"#, 4, "an integer of 0 or more"),
            (#"{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}"#, 4, "an integer of 0 or more"),
            (#"{"dtype":"F32","shape":[01],"data_offsets":[0,4]}"#, 4, "an integer of 0 or more"),
            (#"{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}"#, 4, "too large"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#, 4, "takes 8 bytes; needed the 4 bytes"),
            (#"{"dtype":"F4","shape":[3],"data_offsets":[0,1]}"#, 1, "no whole number of bytes"),
            (#"{"dtype":"F32","shape":[\#(huge),\#(huge)],"data_offsets":[0,4]}"#, 4, "no whole number of bytes"),
            (#"{"dtype":"F32","shape":[\#(huge),\#(huge),0],"data_offsets":[0,0]}"#, 0, "no whole number of bytes"),
            (#"{"dtype":"I8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}"#, 4, "no whole number"),
            (#"{"dtype":"I8","shape":[4],"data_offsets":[4,8]}"#, 8, "behind a hole after"),
            (#"{"dtype":"I8","shape":[9],"data_offsets":[0,9]}"#, 4, "4 bytes of tensors; needed 9"),
            (#"{"dtype":"I8","dtype":"I8","shape":[1],"data_offsets":[0,1]}"#, 1, "a key a second time"),
            (#"{"dtype":"I8","shape":[\#(String(repeating: "1,", count: 64))1],"data_offsets":[0,1]}"#, 1, "more than 64"),
        ])
    func brokenEntries(_ entry: String, _ dataByteCount: Int, _ expected: String) throws {
        let complaint = try complaint(safetensors(#"{"a":\#(entry)}"#, dataByteCount: dataByteCount))
        #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
    }

    @Test("ranges that overlap and names that occur twice, escaped or not, are refused")
    func twoEntries() throws {
        func complaintAboutSecond(_ name: String, _ begin: Int, _ end: Int) throws -> String {
            try complaint(
                safetensors(
                    #"{"a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"#
                        + #""\#(name)":{"dtype":"I8","shape":[4],"data_offsets":[\#(begin),\#(end)]}}"#, dataByteCount: end))
                ?? ""
        }
        #expect(
            try complaintAboutSecond("b", 2, 6).contains(
                "`b`: data that starts at byte 2, inside another tensor's; needed byte 4"))
        #expect(try complaintAboutSecond("b", 0, 4).contains("inside another"))
        #expect(try complaintAboutSecond("b", 5, 9).contains("`b`: data that starts at byte 5, behind a hole"))
        #expect(try complaintAboutSecond("a", 4, 8).contains("`a`: a second tensor of that name"))
        #expect(try complaintAboutSecond(#"\u0061"#, 4, 8).contains("`a`: a second tensor of that name"))
    }

    @Test(
        "each piece of broken JSON gets its sentence",
        arguments: [
            ("[]", "does not start with `{`"), (" {}", "does not start with `{`"), ("{}x", "text after the end"),
            ("{", "expected"), ("{\"a\":1}", "`{` expected"), (#"{"__metadata__":{"a":1}}"#, "expected"),
            (#"{"__metadata__":{},"__metadata__":{}}"#, "a second time"), (#"{"\ud800":{}}"#, #"broken \u escape"#),
            (#"{"\u12":{}}"#, #"broken \u escape"#), (#"{"\x":{}}"#, "unknown escape"), ("{\"\n\":{}}", "a control character"),
            (#"{"abc\"#, "without an end"), (#"{"abc\""#, "without an end"), (#"{"a":{"x":nul}}"#, "`null` expected"),
            (#"{"a":{"x":-}}"#, "a value expected"), (#"{"a":{"x":1.}}"#, "a value expected"),
            (#"{"a":{"x":00}}"#, "leading zero"),
            (#"{"a":{"x":- 1}}"#, "a value expected"), (#"{"a":{},}"#, "without a usable"),
        ])
    func brokenJSON(_ header: String, _ expected: String) throws {
        let complaint = try complaint(safetensors(header))
        #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
    }

    @Test(
        "what the format allows is accepted",
        arguments: [
            ("{}", 0), ("{} \n", 0), (#"{"__metadata__":null}"#, 0), (#"{"__metadata__":{"format":"pt","x":"\u00e9\n"}}"#, 0),
            (#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4),
            (#"{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}"#, 2),
            (#"{"a":{"dtype":"F32","shape":[0,\#(huge)],"data_offsets":[0,0]}}"#, 0),
            (#"{"":{"dtype":"I8","shape":[1],"data_offsets":[0,1],"x":[1,-2.5e3,{"y":null,"z":true}]}}"#, 1),
            (
                #"{"b":{"dtype":"I8","shape":[1],"data_offsets":[1,2]},"e":{"dtype":"I8","shape":[0],"data_offsets":[1,1]},"#
                    + #""a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, 2
            ),
        ])
    func allowed(_ header: String, _ dataByteCount: Int) throws {
        #expect(try complaint(safetensors(header, dataByteCount: dataByteCount)) == nil)
    }

    @Test("text that is not UTF-8 and deep nesting are refused")
    func hostileText() throws {
        let latin = Array("{\"".utf8) + [0xFF, 0xFE] + Array("\":{}}".utf8)
        #expect(try complaint(safetensors(header: latin))?.contains("UTF-8") == true)
        let deep = "{\"a\":{\"x\":" + String(repeating: "[", count: 100_000)
        #expect(try complaint(safetensors(deep))?.contains("levels of nesting") == true)
    }

    @Test("what is no weight file at all is named")
    func notAFile() throws {
        let folder = try TemporaryFolder()
        func complaint(_ path: String) -> String {
            (#expect(throws: InputError.self) { try SafetensorsFile(path) })?.description ?? ""
        }
        #expect(complaint(folder.path).contains("a folder"))
        #expect(complaint("\(folder.path)/absent").contains("no such file"))
        #expect(complaint("absent.safetensors").contains("the current folder is /"))
        #expect(try complaint(folder.write([], to: "empty")).contains("an empty file"))
        #expect(complaint("/dev/null").contains("a pipe or device"))
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        #expect(complaint("\(folder.path)/pipe").contains("a pipe or device"))
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
        #expect(try complaint(folder.write(pointer, to: "pointer")).contains("git lfs pull"))
    }

    @Test("flipped bits never crash, and what is still accepted can be read")
    func bitFlips() throws {
        let folder = try TemporaryFolder()
        var generator = SplitMix64(state: 3)
        for _ in 0..<5000 {
            var bytes = Self.good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let bit = Int.random(in: 0..<(bytes.count - 11) * 8, using: &generator)
                bytes[bit / 8] ^= 1 << (bit % 8)
            }
            guard let file = try? SafetensorsFile(folder.write(bytes, to: "flipped")) else { continue }
            for name in file.names { _ = try? file.tensor(named: name)?.floats }
        }
    }

    @Test("a million tensors open within seconds, in whatever order they stand", arguments: [false, true])
    func millionTensors(reversed: Bool) throws {
        let folder = try TemporaryFolder()
        let entries = (0..<1_000_000).map { index in
            let begin = reversed ? 999_999 - index : index
            return "\"layer.\(index)\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[\(begin),\(begin + 1)]}"
        }
        let header = "{\(entries.joined(separator: ","))}"
        let path = try folder.write(safetensors(header, dataByteCount: 1_000_000), to: "million")
        let duration = try ContinuousClock().measure {
            let file = try SafetensorsFile(path)
            #expect(try file.tensor(named: "layer.777777")?.integers == [1])
        }
        #expect(duration < .seconds(10))
    }
}

import Foundation
import Testing

@testable import AttentionEngine

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
    @Test("what is written reads back, and is the same for any order of the tensors")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let tensors = try SafetensorsFile(safetensorsFixture("element_types.safetensors")).tensors().map {
            (name: $0, tensor: $1)
        }
        let path = "\(folder.path)/out.safetensors"
        try SafetensorsWriter.write(tensors, to: path, metadata: ["format": "pt", "a \"b\"": "c\u{1}"])
        let first = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(first[0] % 8 == 0)

        let read = try SafetensorsFile(path)
        #expect(read.names == tensors.map(\.name).sorted())
        for (name, tensor) in tensors {
            let copy = try #require(try read.tensor(named: name))
            #expect(copy.shape == tensor.shape && copy.elementType == tensor.elementType)
            #expect(copy.withBytes { Array($0) } == tensor.withBytes { Array($0) })
        }
        try SafetensorsWriter.write(tensors.reversed(), to: path, metadata: ["a \"b\"": "c\u{1}", "format": "pt"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.safetensors"])
    }

    @Test("a file without tensors is valid")
    func empty() throws {
        let folder = try TemporaryFolder()
        try SafetensorsWriter.write([], to: "\(folder.path)/empty")
        #expect(try SafetensorsFile("\(folder.path)/empty").names == [])
    }

    @Test("a link stays a link, and a device is written to and not replaced")
    func links() throws {
        let folder = try TemporaryFolder()
        let target = try folder.write("old", to: "target")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: target)
        try SafetensorsWriter.write([("x", Tensor([1], shape: [1]))], to: "\(folder.path)/link")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link") == target)
        #expect(try SafetensorsFile(target).names == ["x"])
        try SafetensorsWriter.write([("x", Tensor([1], shape: [1]))], to: "/dev/null")
        let kind = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
        #expect(kind == .typeCharacterSpecial)
    }

    @Test("equal names and places that cannot be written are refused, and leave nothing behind")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let one = (name: "x", tensor: Tensor([1], shape: [1]))
        #expect(throws: InputError.self) { try SafetensorsWriter.write([one, one], to: "\(folder.path)/twice") }
        #expect(throws: InputError.self) { try SafetensorsWriter.write([("__metadata__", one.tensor)], to: "\(folder.path)/m") }
        #expect(throws: InputError.self) { try SafetensorsWriter.write([one], to: folder.path) }
        #expect(throws: InputError.self) { try SafetensorsWriter.write([one], to: "\(folder.path)/absent/file") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
}

import Testing

@testable import AttentionEngine

@Suite("Reading safetensors")
struct SafetensorsTests {
    private let fixture = safetensorsFixture("element_types.safetensors")

    @Test("every element type that Python writes is read with its values")
    func elementTypes() throws {
        let file = try SafetensorsFile(fixture)
        let numbers: [Float] = [0, 1, -2.5, 65504, 0.0999755859375, 0x1p-24]
        #expect(try file.tensor(named: "float32")?.floats == numbers)
        #expect(file.shape(of: "float32") == [2, 3])
        #expect(try file.tensor(named: "float16")?.floats == numbers)
        #expect(file.shape(of: "float16") == [3, 2])
        #expect(try file.tensor(named: "float64")?.floats == numbers + [.infinity])
        #expect(try file.tensor(named: "bfloat16")?.floats == [0, 1, -2.5, 65536, 0.10009765625])
        #expect(try file.tensor(named: "int64")?.integers == [.min, -1, .max])
        #expect(try file.tensor(named: "int32")?.integers == [Int(Int32.min), -1, Int(Int32.max)])
        #expect(try file.tensor(named: "int16")?.integers == [-32768, -1, 32767])
        #expect(try file.tensor(named: "int8")?.integers == [-128, -1, 127])
        #expect(try file.tensor(named: "uint8")?.integers == [0, 1, 255])
        #expect(try file.tensor(named: "bool")?.integers == [1, 0, 1])
    }

    @Test("scalars, empty tensors and names with escapes are valid")
    func specialShapesAndNames() throws {
        let file = try SafetensorsFile(fixture)
        #expect(try file.tensor(named: "scalar")?.shape == [])
        #expect(try file.tensor(named: "scalar")?.floats == [3.5])
        #expect(try file.tensor(named: "empty")?.shape == [0, 4])
        #expect(try file.tensor(named: "empty")?.floats == [])
        #expect(try file.tensor(named: "name \"quoted\" \\ é 😀\n")?.floats == [7])
        #expect(try file.tensor(named: "absent") == nil)
        #expect(file.names.count == 14 && file.names == file.names.sorted())
    }

    @Test("a type the engine lacks is refused when asked for, and does not stop the others")
    func unsupportedType() throws {
        let file = try SafetensorsFile(fixture)
        #expect(file.shape(of: "float8") == [2])
        let error = #expect(throws: InputError.self) { try file.tensor(named: "float8") }
        #expect(error?.description.contains("`float8`: element type F8_E4M3; needed one of F64, F32") == true)
        #expect(file.tensors().count == 13)
        #expect(file.inventory.tensorCount == 14)
        #expect(file.inventory.countByType["F8_E4M3"] == 2)
        #expect(file.inventory.countByType["bf16"] == 5)
    }

    @Test("tensors that the file does not align are read all the same")
    func misaligned() throws {
        let folder = try TemporaryFolder()
        let header =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#
        let path = try folder.write(
            safetensors(header: Array(header.utf8), data: [9] + withUnsafeBytes(of: Float(1.5)) { Array($0) }), to: "m")
        #expect(try SafetensorsFile(path).tensor(named: "b")?.floats == [1.5])
    }

    @Test("a tensor outlives the file object it was borrowed from")
    func lifetime() throws {
        var file: SafetensorsFile? = try SafetensorsFile(fixture)
        let tensor = try file?.tensor(named: "float32")
        file = nil
        #expect(tensor?.floats.last == 0x1p-24)
    }
}

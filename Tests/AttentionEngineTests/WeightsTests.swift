import Testing

@testable import AttentionEngine

@Suite("Weights by path")
struct WeightsTests {
    private let weights = Weights(
        TensorDictionary(
            [
                "vit.encoder.layer.0.query.weight": Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]),
                "vit.encoder.layer.0.query.bias": Tensor([1, 2], shape: [2]),
                "vit.encoder.layer.10.query.bias": Tensor([1, 2], shape: [2]),
                "vit.cls_token": Tensor([1], shape: [1, 1, 1]),
                "vit.positions": Tensor(integers: [0, 1], shape: [2]),
                "vitamin": Tensor([1], shape: [1]),
            ], description: "model.safetensors"))

    @Test("paths join with dots, and the empty path is the place itself")
    func paths() throws {
        let layer = weights["vit"]["encoder.layer.0"]
        #expect(layer.path == "vit.encoder.layer.0")
        #expect(layer[""].path == layer.path)
        #expect(try layer["query"].get("weight", [2, 3]).floats == [1, 2, 3, 4, 5, 6])
        #expect(try layer.get("query.bias", [2]).floats == [1, 2])
        #expect(try weights["vit.cls_token"].get("", [1, 1, 1]).floats == [1])
        #expect(layer.shape(of: "query.weight") == [2, 3])
        #expect(layer.names == ["query.bias", "query.weight"])
        #expect(weights.names.count == 6)
    }

    @Test("a path is contained if a tensor is there or below, not if a name merely starts so")
    func contains() {
        #expect(weights.contains("vit") && !weights.contains("vit.encoder.layer.1"))
        #expect(weights["vit"].contains("encoder.layer.10") && weights["vit.encoder"].contains("layer.0.query.bias"))
        #expect(!weights.contains("vitam") && !weights.contains("zebra") && weights.contains(""))
    }

    @Test("a missing tensor is named with its shape and what stands in its place")
    func missing() {
        let sibling = #expect(throws: InputError.self) { try weights["vit.encoder.layer.0.query"].get("wieght", [2, 3]) }
        #expect(
            sibling?.description
                == "model.safetensors, tensor `vit.encoder.layer.0.query.wieght`: no such tensor; needed one of 2 × 3. "
                + "There is `vit.encoder.layer.0.query.weight`, `vit.encoder.layer.0.query.bias`. "
                + "Check that config.json and weights are of the same model.")
        let moved = #expect(throws: InputError.self) { try weights.get("encoder.layer.0.query.bias", [2]) }
        #expect(moved?.remedy.contains("There is `vit.encoder.layer.0.query.bias`. ") == true)
    }

    @Test("wrong shapes and integers in place of numbers are refused")
    func wrong() {
        let shape = #expect(throws: InputError.self) { try weights["vit"].get("cls_token", [1, 1, 768]) }
        #expect(shape?.description.contains("`vit.cls_token`: a shape of 1 × 1 × 1; needed 1 × 1 × 768") == true)
        let type = #expect(throws: InputError.self) { try weights["vit"].get("positions", [2]) }
        #expect(type?.description.contains("element type int64; needed a floating-point type") == true)
        #expect(throws: InputError.self) { try weights["vit"].stored("positions", [2]) }
    }
}

@Suite("Sharded weights")
struct ShardedSafetensorsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SafetensorsWriter.write([("a.weight", Tensor([1, 2], shape: [2]))], to: "\(folder.path)/one.safetensors")
        try SafetensorsWriter.write([("b.weight", Tensor([3], shape: [1]))], to: "\(folder.path)/two.safetensors")
    }

    private func open(_ index: String) throws -> ShardedSafetensors {
        try ShardedSafetensors(index: folder.write(index, to: "model.safetensors.index.json"))
    }

    private func complaint(_ index: String) -> String {
        (#expect(throws: InputError.self) { try open(index) })?.description ?? ""
    }

    @Test("tensors come from the shard the index names")
    func reading() throws {
        let source = try open(
            #"{"metadata":{"total_size":12},"weight_map":{"b.weight":"two.safetensors","a.weight":"one.safetensors"}}"#)
        #expect(source.names == ["a.weight", "b.weight"])
        #expect(try Weights(source)["b"].get("weight", [1]).floats == [3])
        #expect(source.inventory.parameterCount == 3 && source.inventory.countByType == ["fp32": 3])
        let wrong = #expect(throws: InputError.self) { try Weights(source).get("b.weight", [4]) }
        #expect(wrong?.place.hasSuffix("two.safetensors, tensor `b.weight`") == true)
    }

    @Test("missing shards and tensors are named")
    func missing() {
        #expect(complaint(#"{"weight_map":{"a.weight":"three.safetensors"}}"#).contains("/three.safetensors: no such file"))
        #expect(complaint(#"{"weight_map":{"c":"one.safetensors"}}"#).contains("one.safetensors, tensor `c`: no such tensor"))
    }

    @Test(
        "no shard lies outside the folder",
        arguments: ["../one.safetensors", "/etc/passwd", "..", ".", "", #"a\\b"#, "x/one.safetensors", #"one.safetensors\u0000"#])
    func escapes(_ name: String) {
        #expect(complaint(#"{"weight_map":{"a.weight":"\#(name)"}}"#).contains("a name in the same folder"))
    }

    @Test(
        "a broken index is refused",
        arguments: [
            "", "{}", "[]", #"{"weight_map":{}}"#, #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#,
            #"{"weight_map":{"a.weight":"one.safetensors","a.weight":"two.safetensors"}}"#,
            String(repeating: "[", count: 100_000),
            #"{"x":"# + String(repeating: "[", count: 100_000),
        ])
    func broken(_ index: String) { #expect(complaint(index).contains("index.json")) }
}

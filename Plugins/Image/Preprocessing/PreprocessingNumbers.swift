import AttentionEngine

/// Checks numbers from a preprocessor's file before anything is computed with them.
struct PreprocessingNumbers {
    /// What messages call the file.
    let file: String

    /// The longest edge that a preprocessor may ask for.
    static let maximumEdge = 16384

    func problem(_ key: String, found: String, needed: String) -> InputError {
        InputError("\(file), \(key)", found: found, needed: needed, remedy: "Correct the file or use another checkpoint")
    }

    /// An edge in pixels.
    func edge(_ length: Int, key: String) throws -> Int {
        guard (1...Self.maximumEdge).contains(length) else {
            throw problem(key, found: "\(length)", needed: "1 to \(Self.maximumEdge) pixels")
        }
        return length
    }

    /// An edge before a part of it is cropped; its fraction is cut.
    func edge(_ length: Int, dividedBy fraction: Double, key: String) throws -> Int {
        let divided = (Double(length) / fraction).rounded(.down)
        guard divided >= 1, divided <= Double(Self.maximumEdge) else {
            throw problem(key, found: "\(fraction)", needed: "a part of \(length) pixels, usually between 0.8 and 1")
        }
        return Int(divided)
    }

    /// Height and width.
    func area(_ size: PreprocessorConfiguration.EdgeLengths?, key: String) throws -> (height: Int, width: Int) {
        switch size {
        case .number(let length): (try edge(length, key: key), try edge(length, key: key))
        case .sides(let height, let width): (try edge(height, key: key), try edge(width, key: key))
        case .shortestEdge: throw problem(key, found: "shortest_edge", needed: "height and width")
        case nil: throw problem(key, found: "nothing", needed: "height and width")
        }
    }

    /// A factor.
    func nonzero(_ number: Double, key: String) throws -> Double {
        guard Float(number).isFinite, Float(number) != 0 else {
            throw problem(key, found: "\(number)", needed: "a number other than zero")
        }
        return number
    }

    /// A number for each of red, green and blue.
    func perChannel(_ values: [Double], key: String, isDivisor: Bool = false) throws -> [Double] {
        guard values.count == 1 || values.count == 3 else {
            throw problem(key, found: "\(values.count) numbers", needed: "one, or one for each of three channels")
        }
        for value in values where !Float(value).isFinite || (isDivisor && Float(value) == 0) {
            throw problem(key, found: "\(value)", needed: isDivisor ? "a number other than zero" : "a finite number")
        }
        return values.count == 3 ? values : Array(repeating: values[0], count: 3)
    }
}

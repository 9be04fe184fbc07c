// Lists what is public in each library, a declaration a line, from symbol graphs.
// Usage: list-api SYMBOL-GRAPHS OUTPUT, both folders; `Scripts/list-api` compiles and runs it.
import Foundation

struct Graph: Decodable {
    var module: Module
    var symbols: [Symbol]
    var relationships: [Relationship]

    struct Module: Decodable {
        var name: String
    }

    struct Symbol: Decodable {
        var identifier: Identifier
        var pathComponents: [String]
        var declarationFragments: [Fragment]?

        struct Identifier: Decodable {
            var precise: String
        }

        struct Fragment: Decodable {
            var spelling: String
        }
    }

    struct Relationship: Decodable {
        var kind: String
        var source: String
        var target: String
        var targetFallback: String?
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    FileHandle.standardError.write(Data("usage: list-api SYMBOL-GRAPHS OUTPUT\n".utf8))
    exit(64)
}
let (input, output) = (URL(fileURLWithPath: arguments[1]), URL(fileURLWithPath: arguments[2]))
let files = try FileManager.default.contentsOfDirectory(at: input, includingPropertiesForKeys: nil)
    .filter { $0.lastPathComponent.hasSuffix(".symbols.json") }.sorted { $0.path < $1.path }
let graphs = try files.map { try JSONDecoder().decode(Graph.self, from: Data(contentsOf: $0)) }
let names = Dictionary(
    graphs.flatMap(\.symbols).map { ($0.identifier.precise, $0.pathComponents.joined(separator: ".")) }, uniquingKeysWith: { $1 })

try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
for (module, graphs) in Dictionary(grouping: graphs, by: \.module.name) {
    // What every type is anyway says nothing.
    let unsaid: Set = ["Copyable", "Escapable", "SendableMetatype"]
    var conformances: [String: Set<String>] = [:]
    for relationship in graphs.flatMap(\.relationships) where relationship.kind == "conformsTo" {
        let target = names[relationship.target] ?? relationship.targetFallback ?? relationship.target
        let name = target.hasPrefix("Swift.") ? String(target.dropFirst(6)) : target
        if !unsaid.contains(name) { conformances[relationship.source, default: []].insert(name) }
    }
    let lines = graphs.flatMap(\.symbols).map { symbol -> (path: [String], line: String) in
        let declaration = (symbol.declarationFragments ?? []).map(\.spelling).joined()
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let inherited = (conformances[symbol.identifier.precise] ?? []).sorted().joined(separator: ", ")
        let path = symbol.pathComponents.dropLast().joined(separator: ".")
        return (
            symbol.pathComponents,
            (path.isEmpty ? "" : "\(path) › ") + declaration + (inherited.isEmpty ? "" : "  [\(inherited)]")
        )
    }
    let sorted = Set(lines.map { $0.path.joined(separator: ".") + "\u{0}" + $0.line }).sorted()
        .map { String($0.split(separator: "\u{0}")[1]) }
    try Data((sorted.joined(separator: "\n") + "\n").utf8).write(to: output.appendingPathComponent("\(module).txt"))
}

import AttentionEngine
public import PluginKit

extension Conformance {
    /// Checks that a plugin registers itself beside others, under names that can be used, and that a second of its kind is
    /// refused by name.
    ///
    /// - Parameters:
    ///   - plugin: the plugin.
    ///   - others: the plugins of the program it is to be part of: `Apus.plugins`.
    /// - Throws: `ConformanceFailure`; the registry's `InputError` where the plugin claims what another has.
    public static func checkRegistration(of plugin: any Plugin.Type, besides others: [any Plugin.Type] = []) throws {
        let registry = try Registry(plugins: others + [plugin])
        let isWord = !plugin.name.isEmpty && plugin.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }
        try require(isWord, "\(plugin): the name “\(plugin.name)” must be one word in lower case")
        let families = registry.families(of: plugin.name), readers = registry.readers(of: plugin.name)
        for family in families {
            try require(!family.name.isEmpty, "\(family): its name is empty")
            for type in family.modelTypes { try require(!type.isEmpty, "\(family): an empty model type") }
        }
        for reader in readers {
            func check<R: Reader>(_ reader: R) throws { try checkNames(of: R.self) }
            try check(reader)
        }

        try expectRefusal("\(plugin): a second plugin of its name") { _ = try Registry(plugins: [plugin, plugin]) }
        var registryOfTwo = try Registry(plugins: [plugin])
        for family in families where !family.modelTypes.isEmpty {
            try expectConflict(naming: plugin.name) { try registryOfTwo.register(family) }
        }
        for reader in readers { try expectConflict(naming: plugin.name) { try registryOfTwo.register(reader) } }
    }

    private static func expectConflict(naming plugin: String, _ work: () throws -> Void) throws {
        do { try work() } catch let error as InputError {
            return try require(error.description.contains(plugin), "a conflict that does not name \(plugin): \(error)")
        }
        throw ConformanceFailure("\(plugin): what it registers can be registered again")
    }
}

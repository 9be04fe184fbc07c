/// A bundle of readers and model families that together add a modality, or widen one.
///
/// A plugin is a type without instances: its name, and what it registers.
///
/// ```swift
/// public enum SensorPlugin: Plugin {
///     public static let name = "sensor"
///     public static func register(in registry: inout Registry) throws {
///         try registry.register(CSVReader())
///         try registry.register(SensorFamily.self)
///         registry.register(starterModel: "sensor-activity", for: "classify")
///     }
/// }
/// ```
public protocol Plugin: SendableMetatype {
    /// What `apus env` and error messages call the plugin: one lower-case word.
    static var name: String { get }
    /// Adds the plugin's readers, families and starter models.
    ///
    /// - Throws: `InputError` where another plugin already holds one of the names.
    static func register(in registry: inout Registry) throws
}

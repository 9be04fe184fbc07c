import PluginKit

/// Sensors: a reader of recordings in CSV files, and a Transformer that says what the wearer was doing.
public enum SensorPlugin: Plugin {
    public static let name = "sensor"

    public static func register(in registry: inout Registry) throws {
        try registry.register(RecordingReader())
        try registry.register(SensorFamily.self)
        registry.register(starterModel: "sensor-activity", for: "classify")
    }
}

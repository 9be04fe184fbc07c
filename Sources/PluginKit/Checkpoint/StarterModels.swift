#if canImport(Darwin)
    import Darwin
#endif

/// The models that come with Apus.
public enum StarterModels {
    /// The starter models found, each under its folder's name; of two of the same name the first counts.
    ///
    /// They are looked for in the folder `APUS_MODELS` names, in `share/apus/models` beside the executable's own
    /// folder, and in the resources that the build leaves near the executable.
    public static func folders() -> [(name: String, folder: String)] { folders(in: locations) }

    static func folders(in places: [String]) -> [(name: String, folder: String)] {
        var names: Set<String> = []
        var models: [(name: String, folder: String)] = []
        for place in places {
            for name in Paths.contents(place) where Paths.kind(of: "\(place)/\(name)/config.json") == .file {
                if names.insert(name).inserted { models.append((name, "\(place)/\(name)")) }
            }
        }
        return models
    }

    /// Where starter models are looked for, in order.
    public static var locations: [String] {
        let started = CommandLine.arguments.first.flatMap(Paths.resolved)
        return places(
            environment: Paths.environment,
            executables: [executable, started == executable ? nil : started].compactMap(\.self))
    }

    /// Where to look, in order.
    ///
    /// - Parameter executables: absolute paths, links resolved; the first is the running program's.
    static func places(environment: (String) -> String?, executables: [String]) -> [String] {
        var places: [String] = []
        if let folder = environment("APUS_MODELS") { places.append(Paths.absolute(folder)) }
        if let executable = executables.first {
            places.append("\(Paths.parent(Paths.parent(executable)))/share/apus/models")
        }
        for executable in executables {
            var folder = executable
            // A test runs from a bundle some levels below the build's folder.
            for _ in 0...3 {
                folder = Paths.parent(folder)
                if folder == "/" { break }
                #if canImport(Darwin)
                    places += ["\(folder)/apus_StarterModels.bundle/Contents/Resources", "\(folder)/apus_StarterModels.bundle"]
                #else
                    places.append("\(folder)/apus_StarterModels.resources")
                #endif
            }
        }
        return places
    }

    /// The running program's file.
    private static var executable: String? {
        #if canImport(Darwin)
            var size: UInt32 = 4096
            let path = [CChar](unsafeUninitializedCapacity: Int(size)) { buffer, count in
                count = _NSGetExecutablePath(buffer.baseAddress, &size) == 0 ? Int(size) : 0
            }
            return path.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }.flatMap(Paths.resolved)
        #else
            return Paths.resolved("/proc/self/exe")
        #endif
    }
}

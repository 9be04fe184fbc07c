#if canImport(Darwin)
    import Darwin
#endif

/// The models that come with Apus, or with a plugin.
public enum StarterModels {
    /// The starter models found, each under its folder's name; of two of the same name the first counts.
    ///
    /// They are looked for in the folder `APUS_MODELS` names, in `share/apus/models` beside the executable's own
    /// folder, and in the resources of any package that the build leaves near the executable.
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
                places += resources(in: folder)
            }
        }
        return places
    }

    /// The folders in which the build has put resources of packages: this one's, whether it is there or not, and those of
    /// plugins that bring a model.
    private static func resources(in folder: String) -> [String] {
        #if canImport(Darwin)
            let ending = ".bundle", insides = ["/Contents/Resources", ""]
        #else
            let ending = ".resources", insides = [""]
        #endif
        let own = "apus_StarterModels\(ending)"
        let others = Paths.contents(folder).filter { $0.hasSuffix(ending) && $0 != own }
            .flatMap { name in insides.map { "\(folder)/\(name)\($0)" } }
        return insides.map { "\(folder)/\(own)\($0)" } + others.filter { !folders(in: [$0]).isEmpty }
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

import AttentionEngine
import CAudioCodecs

/// A library in C that is loaded when it is first needed.
enum SoundLibrary {
    /// Decodes sound files.
    case sndfile
    /// Changes sample rates.
    case soxr

    /// - Parameter file: what cannot be read without it.
    /// - Throws: `InputError` saying how to install the library if this machine has none.
    func load(for file: String) throws(InputError) {
        let (library, name, package, formula, purpose) =
            switch self {
            case .sndfile: (audio_library_sndfile, "libsndfile", "libsndfile1", "libsndfile", "to read sound files")
            case .soxr: (audio_library_soxr, "libsoxr", "libsoxr0", "libsoxr", "to change the sample rate of a sound file")
            }
        if audio_library_load(library) { return }
        #if os(macOS)
            let remedy = "Install it: brew install \(formula)"
        #else
            let remedy = "Install it: apt-get install \(package), or your system's package of \(formula)"
        #endif
        throw InputError(file, found: "no \(name) on this machine", needed: "it, \(purpose)", remedy: remedy)
    }
}

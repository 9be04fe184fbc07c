/// What is said when something from outside (a file, a flag, a tensor in a checkpoint) cannot be used.
///
/// The four parts make one sentence a person can act on: where it is, what was found there, what was needed,
/// and what to do about it.
public struct InputError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, tensor, key or flag at fault, as the user knows it.
    public var place: String
    /// What was found there.
    public var found: String
    /// What was needed instead.
    public var needed: String
    /// What the user can do about it.
    public var remedy: String

    /// Creates an error from its four parts; an empty part is left out of the description.
    public init(_ place: String, found: String, needed: String, remedy: String) {
        self.place = place
        self.found = found
        self.needed = needed
        self.remedy = remedy
    }

    /// `place: found; needed …. Remedy.` on one line.
    public var description: String {
        var text = place.isEmpty ? found : "\(place): \(found)"
        if !needed.isEmpty { text += "; needed \(needed)" }
        if !remedy.isEmpty { text += ". \(remedy)" }
        if !text.hasSuffix(".") { text += "." }
        return text.printable
    }
}

extension String {
    /// The text in one line: a name from a hostile file must not move the cursor or break the line it is shown in.
    package var printable: String {
        var scalars = UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: scalars.append("\u{FFFD}")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}

/// Turns the bytes of a file into a value of one modality: an image, a waveform, a table.
public protocol Reader<Value>: Sendable {
    /// What the file becomes.
    associatedtype Value: Sendable

    /// What messages call the kind of file: `image`.
    static var kind: String { get }

    /// The file name extensions it reads, lower case, without the dot.
    ///
    /// They decide which files of a folder are taken. What a file really is, the reader finds in its bytes.
    static var fileTypes: Set<String> { get }

    /// Reads one file.
    ///
    /// - Throws: `InputError` for anything that cannot be read; no content may crash, hang or exhaust memory.
    func read(_ file: InputFile, limits: ReadingLimits) throws -> Value
}

/// How much a reader may unpack from one file.
public struct ReadingLimits: Sendable, Hashable {
    /// The most elements (pixels of an image, samples of a clip) a file may hold; `nil` leaves it to the reader.
    public var maximumElements: Int?

    /// Creates limits; without an argument the reader's own hold.
    public init(maximumElements: Int? = nil) { self.maximumElements = maximumElements }
}

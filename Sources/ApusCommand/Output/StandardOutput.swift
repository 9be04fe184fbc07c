#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import AttentionEngine

/// Where results go: text is written whole and at once, so that it keeps its order with messages on standard error.
enum StandardOutput {
    /// Whether a person sees it as it comes.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes lines; each ends with a line break.
    ///
    /// - Throws: `InputError` if they cannot be written. Where nobody reads any longer, as after `| head -1`, the program ends.
    static func write(lines: [String]) throws { try write(text: lines.map { $0 + "\n" }.joined()) }

    /// Writes text that needs no line break.
    ///
    /// - Throws: as `write(lines:)`.
    static func write(text: String) throws {
        guard let code = Descriptor.write(text, to: STDOUT_FILENO) else { return }
        if code == EPIPE { Descriptor.dieOfClosedPipe() }
        throw InputError(
            "standard output", found: "cannot be written (\(String(cString: strerror(code))))", needed: "a place to write to",
            remedy: "Make room, or send it elsewhere")
    }

    static func write(_ line: String) throws { try write(lines: [line]) }
}

/// Where messages go. What cannot be written there is lost.
enum StandardError {
    /// Whether a person sees it as it comes.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Names a failure in one line.
    static func report(_ error: any Error) {
        write("\(Program.name): \(describe(error))\n")
    }

    static func write(_ text: String) { _ = Descriptor.write(text, to: STDERR_FILENO) }

    /// A failure as one sentence, whatever threw it.
    static func describe(_ error: any Error) -> String { "\(error)".printable }
}

private enum Descriptor {
    /// Writes all of `text`; the system's error code if that fails.
    static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, part.baseAddress, part.count)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, part.baseAddress, part.count)
                #else
                    let count = Darwin.write(descriptor, part.baseAddress, part.count)
                #endif
                if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return errno }
            }
            return nil
        }
    }

    /// Ends the program as the closed pipe does where its signal is not ignored: without a word.
    static func dieOfClosedPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
    }
}

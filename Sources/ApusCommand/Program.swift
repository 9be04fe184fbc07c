/// The program that runs the commands: `apus`, or a plugin author's own.
enum Program {
    /// What the user calls it.
    static let name: String = {
        let last = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
        return last.isEmpty ? "apus" : last
    }()
}

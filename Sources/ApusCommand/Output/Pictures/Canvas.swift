/// A picture that is drawn on. What lies beyond its sides is left out.
struct Canvas {
    struct Color: Hashable {
        var red, green, blue: UInt8

        init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

        static let white = Color(255, 255, 255)
        static let ink = Color(40, 40, 45)
        static let faint = Color(222, 224, 230)
        static let blue = Color(38, 98, 190)
        static let orange = Color(214, 96, 28)

        /// Between this and another.
        func mixed(with other: Color, _ share: Double) -> Color {
            func part(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8(Double(a) + (Double(b) - Double(a)) * min(1, max(0, share))) }
            return Color(part(red, other.red), part(green, other.green), part(blue, other.blue))
        }
    }

    let width: Int
    let height: Int
    /// Three bytes a pixel, row by row from the top.
    private(set) var pixels: [UInt8]

    /// A white one.
    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        pixels = Array(repeating: 255, count: 3 * width * height)
    }

    mutating func set(_ x: Int, _ y: Int, _ color: Color) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        let place = 3 * (y * width + x)
        (pixels[place], pixels[place + 1], pixels[place + 2]) = (color.red, color.green, color.blue)
    }

    mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: Color) {
        for row in max(0, y)..<max(max(0, y), min(self.height, y + height)) {
            for column in max(0, x)..<max(max(0, x), min(self.width, x + width)) { set(column, row, color) }
        }
    }

    /// A line two pixels thick.
    mutating func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double), _ color: Color) {
        let steps = max(1, Int(max(abs(end.x - start.x), abs(end.y - start.y)).rounded(.up)))
        guard steps <= 100_000 else { return }
        for step in 0...steps {
            let share = Double(step) / Double(steps)
            let (x, y) = (start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)
            fill(x: Int(x.rounded()), y: Int(y.rounded()), width: 2, height: 2, color)
        }
    }

    /// Text whose upper left corner is at a place; upwards where `turned`, from the lower left corner.
    mutating func text(_ text: String, x: Int, y: Int, scale: Int = 1, _ color: Color = .ink, turned: Bool = false) {
        for (index, character) in text.enumerated() {
            let start = index * (Glyphs.width + 1) * scale
            for (row, dots) in Glyphs.rows(of: character).enumerated() {
                for column in 0..<Glyphs.width where dots & (16 >> UInt8(column)) != 0 {
                    let (along, across) = (start + column * scale, row * scale)
                    if turned {
                        fill(x: x + across, y: y - along - scale, width: scale, height: scale, color)
                    } else {
                        fill(x: x + along, y: y + across, width: scale, height: scale, color)
                    }
                }
            }
        }
    }

    static func textWidth(_ text: String, scale: Int = 1) -> Int { text.count * (Glyphs.width + 1) * scale }
}

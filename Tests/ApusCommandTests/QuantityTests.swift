import Testing

@testable import ApusCommand

@Suite("Numbers and tables as people read them")
struct QuantityTests {
    @Test("Decimals are rounded and kept")
    func fixed() {
        #expect(Quantity.fixed(1.25, decimals: 1) == "1.3")
        #expect(Quantity.fixed(-0.04, decimals: 1) == "0.0")
        #expect(Quantity.fixed(-1.5, decimals: 2) == "-1.50")
        #expect(Quantity.fixed(9.999, decimals: 2) == "10.00")
        #expect(Quantity.fixed(12.4, decimals: 0) == "12")
        #expect(Quantity.fixed(.nan, decimals: 1) == "nan")
        #expect(Quantity.fixed(1e300, decimals: 1) == "1e+300")
    }

    @Test("Units fit the size")
    func units() {
        #expect(Quantity.percentage(0.9734) == "97.3%")
        #expect(Quantity.percentage(0.0001) == "<0.1%")
        #expect(Quantity.percentage(0) == "0.0%")
        #expect(Quantity.percentage(1) == "100.0%")
        #expect(Quantity.count(85_800_194) == "85.8 M")
        #expect(Quantity.count(999) == "999")
        #expect(Quantity.bytes(346_293_852) == "346.3 MB")
        #expect(Quantity.duration(.microseconds(872)) == "0.87 ms")
        #expect(Quantity.duration(.milliseconds(1500)) == "1.50 s")
        #expect(Quantity.wait(.seconds(200)) == "3 min 20 s")
        #expect(Quantity.wait(.seconds(7_500)) == "2 h 5 min")
        #expect(Quantity.rate(3, in: .seconds(2)) == "1.5/s")
    }

    @Test("Columns line up, without spaces at the ends, and no cell breaks its line")
    func table() {
        var table = Table(indentation: "  ")
        table.add("a", "bb", "c")
        table.add("aaaa", "b\n", "")
        #expect(table.lines == ["  a     bb  c", "  aaaa  b\u{FFFD}"])
    }
}

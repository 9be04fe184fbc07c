import Metrics
import Testing

@Suite("Correlation and perplexity")
struct CorrelationTests {
    @Test("Both correlations are scipy's, in parts or at once")
    func correlation() {
        let (left, right) = ([0.1, 0.5, 0.5, 0.9, -0.3, 0.2, 0.7], [1.0, 3, 2, 5, 0, 2, 2])
        var (whole, other) = (Correlation(), Correlation())
        for (index, (x, y)) in zip(left, right).enumerated() { if index < 3 { whole.add(x, y) } else { other.add(x, y) } }
        whole.merge(other)
        #expect(whole.count == 7)
        #expect(abs(whole.pearson - 0.8748771303632151) < 1e-12)
        #expect(abs(whole.spearman - 0.8601512308077806) < 1e-12)
    }

    @Test("What does not vary correlates with nothing")
    func degenerate() {
        var correlation = Correlation()
        #expect(correlation.pearson.isNaN)
        correlation.add(1, 2)
        #expect(correlation.spearman.isNaN)
        correlation.add(1, 3)
        #expect(correlation.pearson.isNaN && correlation.spearman.isNaN)
    }

    @Test("Perplexity is that of all tokens together")
    func perplexity() {
        var (whole, other) = (Perplexity(), Perplexity())
        #expect(whole.value == 1)
        whole.add(nats: 2.0794415416798357, tokens: 3, bytes: 3)
        other.add(nats: 0.6931471805599453, tokens: 1, bytes: 1)
        whole.merge(other)
        #expect(abs(whole.value - 2) < 1e-12)
        #expect(abs(whole.bitsPerByte - 1) < 1e-12)
    }
}

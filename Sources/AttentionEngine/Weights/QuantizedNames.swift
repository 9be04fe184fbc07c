/// How the tensors of a quantized checkpoint are called.
package enum QuantizedNames {
    /// What is added to the name of a matrix of integers for that of its scales.
    package static let scaleSuffix = "_scale"
}

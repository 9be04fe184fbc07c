/// How the tensors of a quantized checkpoint are called.
public enum QuantizedNames {
    /// What is added to the name of a matrix of integers for that of its scales.
    public static let scaleSuffix = "_scale"
}

namespace Pipeline.Dave.Codes;

/// <summary>scrypt (RFC 7914), which the framework lacks: the executable hands one in.</summary>
/// <param name="password">P.</param>
/// <param name="salt">S.</param>
/// <param name="cost">N, a power of two.</param>
/// <param name="blockSize">r.</param>
/// <param name="parallelization">p.</param>
/// <param name="length">Bytes wanted.</param>
public delegate byte[] ScryptFunction(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallelization,
    int length);

using Org.BouncyCastle.Crypto.Generators;

namespace Pipeline.Bot.Commands;

/// <summary>
/// scrypt (RFC 7914) for verification codes, the one thing that BouncyCastle is here for: the framework has none.
/// Has the shape of <see cref="Pipeline.Dave.Codes.ScryptFunction"/>.
/// </summary>
internal static class ScryptKdf
{
    /// <summary>Uses 128 x cost x block size bytes of memory: 16 MB for a verification code.</summary>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallelization,
        int length) =>
        SCrypt.Generate(password.ToArray(), salt.ToArray(), cost, blockSize, parallelization, length);
}

using System.Buffers.Binary;

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>A client's key package (op 26, bare), checked as the gateway checks it: suite, credential, lifetime, both signatures.</summary>
/// <param name="Bytes">The whole of it.</param>
/// <param name="UserId">From the credential.</param>
/// <param name="Reference">By which a Welcome names it.</param>
public sealed record PeerKeyPackage(byte[] Bytes, ulong UserId, byte[] Reference)
{
    /// <summary>Throws <see cref="InvalidDataException"/> for anything that the gateway refuses.</summary>
    public static PeerKeyPackage Parse(ReadOnlyMemory<byte> body)
    {
        MlsWire wire = new(body.Span);
        wire.Expect(1, "version");
        wire.Expect(2, "cipher suite");
        ReadOnlySpan<byte> initKey = wire.Vector();
        int leafStart = wire.Position;
        ReadOnlySpan<byte> encryptionKey = wire.Vector();
        ReadOnlySpan<byte> signatureKey = wire.Vector();
        wire.Expect(1, "credential type");
        ReadOnlySpan<byte> identity = wire.Vector();
        for (int list = 0; list < 5; list++) _ = wire.Vector();
        if (wire.U8() != 1) throw new InvalidDataException("the leaf is not one of a key package");
        if (wire.U64() != 0 || wire.U64() != ulong.MaxValue) throw new InvalidDataException("the lifetime is not endless");
        if (wire.Vector().Length != 0) throw new InvalidDataException("the leaf has extensions");
        ReadOnlySpan<byte> leafContent = wire.Since(leafStart);
        if (!LabelledCrypto.Verify(signatureKey, "LeafNodeTBS", leafContent, wire.Vector()))
            throw new InvalidDataException("bad leaf signature");
        if (wire.Vector().Length != 0) throw new InvalidDataException("the key package has extensions");
        ReadOnlySpan<byte> content = wire.Since(0);
        if (!LabelledCrypto.Verify(signatureKey, "KeyPackageTBS", content, wire.Vector()))
            throw new InvalidDataException("bad key package signature");
        if (!wire.AtEnd || identity.Length != 8 || initKey.Length != 65 || encryptionKey.Length != 65)
            throw new InvalidDataException("wrong lengths");
        return new PeerKeyPackage(body.ToArray(), BinaryPrimitives.ReadUInt64BigEndian(identity),
            LabelledCrypto.Reference("KeyPackage Reference", body.Span));
    }
}

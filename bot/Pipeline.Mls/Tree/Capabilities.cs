using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tree;

/// <summary>
/// What a client supports (RFC 9420 §7.2): five vectors of u16: versions, ciphersuites, extensions, proposals, credentials.
/// </summary>
internal sealed record Capabilities(
    IReadOnlyList<ushort> Versions,
    IReadOnlyList<ushort> CipherSuites,
    IReadOnlyList<ushort> Extensions,
    IReadOnlyList<ushort> Proposals,
    IReadOnlyList<ushort> Credentials)
{
    /// <summary>Ours: MLS 1.0, suite 2, nothing beyond the defaults, basic credentials.</summary>
    public static Capabilities Own { get; } =
        new([CipherSuite.ProtocolVersion], [CipherSuite.Id], [], [], [Credential.Basic]);

    public static Capabilities Read(ref TlsReader reader) => new(
        reader.ReadUInt16List(),
        reader.ReadUInt16List(),
        reader.ReadUInt16List(),
        reader.ReadUInt16List(),
        reader.ReadUInt16List());

    public void Write(TlsWriter writer)
    {
        writer.WriteUInt16List(Versions);
        writer.WriteUInt16List(CipherSuites);
        writer.WriteUInt16List(Extensions);
        writer.WriteUInt16List(Proposals);
        writer.WriteUInt16List(Credentials);
    }

    public bool Supports(Extension extension) => extension.IsDefault || Extensions.Contains(extension.Type);
}

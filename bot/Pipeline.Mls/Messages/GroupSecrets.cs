using System.Security.Cryptography;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>
/// A new member's secrets (RFC 9420 §12.4.3.1): <c>joiner_secret vector || optional path_secret vector || PreSharedKeyID
/// vector</c>. Disposing wipes them.
/// </summary>
internal sealed record GroupSecrets(byte[] JoinerSecret, byte[]? PathSecret, IReadOnlyList<PreSharedKeyId> Psks) : IDisposable
{
    public static GroupSecrets Read(ref TlsReader reader)
    {
        byte[] joinerSecret = reader.ReadVector().ToArray();
        byte[]? pathSecret = reader.ReadPresence() ? reader.ReadVector().ToArray() : null;
        return new GroupSecrets(joinerSecret, pathSecret, reader.ReadList(PreSharedKeyId.Read));
    }

    public void Write(TlsWriter writer)
    {
        writer.WriteVector(JoinerSecret);
        writer.WritePresence(PathSecret is not null);
        if (PathSecret is not null) writer.WriteVector(PathSecret);
        writer.WriteList(Psks, static (target, psk) => psk.Write(target));
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(JoinerSecret);
        CryptographicOperations.ZeroMemory(PathSecret);
    }
}

using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Pipeline.Dave.Keys;
using Pipeline.Dave.Session;

namespace Pipeline.Benchmarks;

/// <summary>End-to-end encrypted frames as senders make them, and the snapshot whose keys open them. Generation 0 only.</summary>
internal sealed class DaveFeed : IDisposable
{
    private readonly Dictionary<ulong, byte[]> baseSecrets = [];
    private readonly Dictionary<ulong, AesGcm> ciphers = [];

    public DaveFeed(IEnumerable<ulong> users)
    {
        byte[] key = new byte[SenderRatchet.KeyLength];
        foreach (ulong user in users)
        {
            baseSecrets[user] = [.. Enumerable.Range(0, SenderRatchet.BaseSecretLength).Select(i => (byte)((int)user + i * 11))];
            using (SenderRatchet ratchet = new(baseSecrets[user])) ratchet.DeriveKey(0, key);
            ciphers[user] = new AesGcm(key, 16);
        }
    }

    /// <summary>The same keys under any serial; a new one lets every nonce be used once more.</summary>
    public DaveSnapshot Snapshot(int serial, long now) => new()
    {
        State = DaveState.Active,
        ProtocolVersion = 1,
        PassthroughUntil = long.MinValue,
        Keys = [new EpochKeys(serial, 1, now, baseSecrets.ToFrozenDictionary())],
        Revision = serial,
    };

    /// <summary>Ciphertext, 8 bytes of tag, nonce as ULEB128, trailer length, marker.</summary>
    public byte[] Seal(ulong user, uint counter, byte[] plain)
    {
        byte[] nonce = new byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(nonce.AsSpan(8), counter);
        byte[] body = new byte[plain.Length];
        byte[] tag = new byte[16];
        ciphers[user].Encrypt(nonce, plain, body, tag);
        List<byte> leb = [];
        for (uint rest = counter; ; rest >>= 7)
        {
            leb.Add((byte)(rest < 0x80 ? rest : rest | 0x80));
            if (rest < 0x80) break;
        }
        return [.. body, .. tag[..8], .. leb, (byte)(8 + leb.Count + 3), 0xFA, 0xFA];
    }

    public void Dispose()
    {
        foreach (AesGcm cipher in ciphers.Values) cipher.Dispose();
    }
}

using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Schedule;

/// <summary>External pre-shared keys that a member holds, and their share in the key schedule (RFC 9420 §8.4).</summary>
internal sealed class PreSharedKeys
{
    private readonly Dictionary<string, byte[]> _keys = [];

    public static PreSharedKeys None { get; } = new();

    public PreSharedKeys()
    {
    }

    public PreSharedKeys(IEnumerable<(byte[] Id, byte[] Key)> keys)
    {
        foreach ((byte[] id, byte[] key) in keys) _keys[Convert.ToHexString(id)] = key;
    }

    /// <summary>
    /// RFC 9420 §8.4, figure 25: each key, labelled with its id and place, is extracted onto those before it.
    /// No ids give 32 zero bytes. <see cref="MlsError.UnknownPreSharedKey"/> when one is not held.
    /// </summary>
    public byte[] ComputeSecret(IReadOnlyList<PreSharedKeyId> ids)
    {
        byte[] secret = KeySchedule.Zero;
        for (int i = 0; i < ids.Count; i++)
        {
            byte[] key = Find(ids[i]);
            byte[] extracted = Kdf.Extract(KeySchedule.Zero, key);
            byte[] input = Kdf.ExpandWithLabel(extracted, "derived psk", Label(ids[i], i, ids.Count), CipherSuite.HashSize);
            byte[] next = Kdf.Extract(input, secret);
            CryptographicOperations.ZeroMemory(extracted);
            CryptographicOperations.ZeroMemory(input);
            CryptographicOperations.ZeroMemory(secret);
            secret = next;
        }

        return secret;
    }

    private byte[] Find(PreSharedKeyId id)
    {
        byte[]? key = id.IsExternal ? _keys.GetValueOrDefault(Convert.ToHexString(id.Id)) : null;
        return key ?? throw new MlsException(MlsError.UnknownPreSharedKey);
    }

    // RFC 9420 §8.4: PSKLabel = PreSharedKeyID || u16 index || u16 count.
    private static byte[] Label(PreSharedKeyId id, int index, int count)
    {
        using TlsWriter label = new();
        id.Write(label);
        label.WriteUInt16((ushort)index);
        label.WriteUInt16((ushort)count);
        return label.ToArray();
    }
}

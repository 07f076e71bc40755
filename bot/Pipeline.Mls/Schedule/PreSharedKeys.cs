using System.Collections.Immutable;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Schedule;

/// <summary>Pre-shared keys that a member holds, and their share in the key schedule (RFC 9420 §8.4). Immutable.</summary>
internal sealed class PreSharedKeys
{
    private readonly ImmutableDictionary<string, byte[]> keys;

    private PreSharedKeys(ImmutableDictionary<string, byte[]> keys) => this.keys = keys;

    public static PreSharedKeys None { get; } = new(ImmutableDictionary<string, byte[]>.Empty);

    /// <summary>Keys that members were given outside the group, by id.</summary>
    public static PreSharedKeys External(IEnumerable<(byte[] Id, byte[] Key)> keys) => new(keys.ToImmutableDictionary(
        static key => Name(new PreSharedKeyId(true, 0, key.Id, 0, [])), static key => key.Key));

    /// <summary>RFC 9420 §8.6: these and what an epoch of this group leaves for later ones.</summary>
    public PreSharedKeys WithResumption(GroupContext context, ReadOnlySpan<byte> resumptionPsk)
    {
        PreSharedKeyId id = new(false, PreSharedKeyId.ApplicationUsage, context.GroupId, context.Epoch, []);
        return new PreSharedKeys(keys.SetItem(Name(id), resumptionPsk.ToArray()));
    }

    /// <summary>
    /// RFC 9420 §8.4: each key, labelled with its id and place, is extracted onto those before it.
    /// No ids give 32 zero bytes. <see cref="MlsError.UnknownPreSharedKey"/> when one is not held.
    /// </summary>
    public byte[] ComputeSecret(IReadOnlyList<PreSharedKeyId> ids)
    {
        byte[] secret = KeySchedule.Zero;
        for (int i = 0; i < ids.Count; i++)
        {
            byte[]? key = keys.GetValueOrDefault(Name(ids[i]));
            if (key is null) throw new MlsException(MlsError.UnknownPreSharedKey);
            using Wiped before = new(secret);
            using Wiped extracted = new(Kdf.Extract(KeySchedule.Zero, key));
            byte[] label = Label(ids[i], i, ids.Count);
            using Wiped input = new(Kdf.ExpandWithLabel(extracted.Bytes, "derived psk", label, CipherSuite.HashSize));
            secret = Kdf.Extract(input.Bytes, before.Bytes);
        }

        return secret;
    }

    // The nonce is no part of a key's name.
    private static string Name(PreSharedKeyId id) => $"{id.IsExternal} {id.Usage} {id.Epoch} {Convert.ToHexString(id.Id)}";

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

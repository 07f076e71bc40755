using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>Makes the Welcome for those whom our commit adds (RFC 9420 §12.4.3.1).</summary>
internal static class WelcomeMaker
{
    public const string EncryptionLabel = "Welcome";

    public static byte[] Make(
        GroupState group,
        NextEpoch next,
        RatchetTree tree,
        IReadOnlyList<(LeafIndex Index, KeyPackage KeyPackage)> added,
        OwnPath? path,
        IReadOnlyList<PreSharedKeyId> psks)
    {
        // RFC 9420 §12.4.3.3: nothing else gives the new members the tree.
        Extension ratchetTree = new(Extension.RatchetTree, RatchetTreeCodec.Encode(tree));
        GroupInfo info = GroupInfo.Sign(
            next.Context, [ratchetTree], next.ConfirmationTag, group.Keys.Own.Value, group.Identity);
        using TlsWriter plainInfo = new();
        info.Write(plainInfo);
        using AeadKey welcomeKey = KeySchedule.WelcomeKey(next.MemberSecret);
        byte[] encryptedInfo = welcomeKey.Seal(plainInfo.Written);

        List<EncryptedGroupSecrets> secrets = [];
        foreach ((LeafIndex index, KeyPackage keyPackage) in added)
        {
            secrets.Add(Encrypt(next, keyPackage, path?.SecretFor(index), psks, encryptedInfo));
        }

        return new Welcome(CipherSuite.Id, secrets, encryptedInfo).Encode();
    }

    private static EncryptedGroupSecrets Encrypt(
        NextEpoch next, KeyPackage keyPackage, byte[]? pathSecret, IReadOnlyList<PreSharedKeyId> psks, byte[] encryptedInfo)
    {
        // Not disposed: its secrets are still in use; the writer with their copy is wiped.
        GroupSecrets secrets = new(next.JoinerSecret, pathSecret, psks);
        using TlsWriter plain = new();
        secrets.Write(plain);
        return new EncryptedGroupSecrets(
            keyPackage.ComputeReference(),
            Hpke.EncryptWithLabel(keyPackage.InitKey, EncryptionLabel, encryptedInfo, plain.Written));
    }
}

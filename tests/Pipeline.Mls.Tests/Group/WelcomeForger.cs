using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>A hostile member: opens a Welcome, changes what is inside, signs and encrypts it again as if nothing had happened.</summary>
/// <remarks>With <c>confirm</c> the confirmation tag fits the change: nothing but the change can be what it is refused for.</remarks>
internal static class WelcomeForger
{
    public static byte[] Forge(
        byte[] narrowed,
        KeyPackageBundle victim,
        MlsIdentity signer,
        Func<GroupInfo, GroupInfo>? changeInfo = null,
        Func<GroupSecrets, GroupSecrets>? changeSecrets = null,
        bool confirm = false,
        byte[]? behindInfo = null,
        byte[]? behindSecrets = null)
    {
        Welcome welcome = Welcome.Parse(narrowed);
        byte[] plain = Hpke.DecryptWithLabel(
            victim.InitKeys, WelcomeMaker.EncryptionLabel, welcome.EncryptedGroupInfo, welcome.Secrets[0].Encrypted);
        TlsReader secretsReader = new(plain);
        GroupSecrets secrets = GroupSecrets.Read(ref secretsReader);
        byte[] member = KeySchedule.MemberSecret(secrets.JoinerSecret, KeySchedule.Zero);
        using AeadKey key = KeySchedule.WelcomeKey(member);
        TlsReader infoReader = new(key.Open(welcome.EncryptedGroupInfo));
        GroupInfo info = GroupInfo.Read(ref infoReader);

        info = changeInfo?.Invoke(info) ?? info;
        if (confirm) info = info with { ConfirmationTag = TagOf(info, member) };
        info = GroupInfo.Sign(info.Context, info.Extensions, info.ConfirmationTag, info.Signer, signer);
        using TlsWriter infoBytes = new();
        info.Write(infoBytes);
        byte[] encryptedInfo = key.Seal([.. infoBytes.Written, .. behindInfo ?? []]);

        using TlsWriter secretsBytes = new();
        (changeSecrets?.Invoke(secrets) ?? secrets).Write(secretsBytes);
        HpkeCiphertext encrypted = Hpke.EncryptWithLabel(
            victim.InitKeys.PublicKey, WelcomeMaker.EncryptionLabel, encryptedInfo,
            [.. secretsBytes.Written, .. behindSecrets ?? []]);
        return new Welcome(welcome.Suite, [new(welcome.Secrets[0].NewMember, encrypted)], encryptedInfo).Encode();
    }

    // What the group that the forged context describes would have.
    private static byte[] TagOf(GroupInfo info, byte[] member)
    {
        using EpochSecrets secrets = EpochSecrets.Derive(member, info.Context.Encode());
        return secrets.ComputeConfirmationTag(info.Context.ConfirmedTranscriptHash);
    }
}

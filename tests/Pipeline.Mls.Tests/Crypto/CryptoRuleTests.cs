using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Group;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Crypto;

/// <summary>What is no key, no scalar, no signature and no credential, each by itself.</summary>
public sealed class CryptoRuleTests
{
    private const string Zeros = "00000000000000000000000000000000";

    // FIPS 186-4 D.1.2.3: the order of P-256 ends in ...6325 51.
    private const string BelowEnd = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC6325";

    // RFC 9180 §7.1.3: 0 and what is not below the order is no private key.
    [Theory]
    [InlineData(Zeros + Zeros, false)]
    [InlineData(Zeros + "00000000000000000000000000000001", true)]
    [InlineData("01010101010101010101010101010101" + "01010101010101010101010101010101", true)]
    [InlineData(BelowEnd + "50", true)]
    [InlineData(BelowEnd + "51", false)]
    [InlineData(BelowEnd + "52", false)]
    public void Scalar_lies_between_zero_and_the_order_of_the_curve(string hex, bool expected) =>
        Assert.Equal(expected, Hpke.IsScalar(Convert.FromHexString(hex)));

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Private_key_has_32_bytes(int length) => Refused.With(
        MlsError.BadKey, () => HpkeKeyPair.FromPrivateKey([.. Enumerable.Repeat((byte)1, length)]).Dispose());

    [Fact]
    public void Signature_under_what_is_no_key_does_not_verify()
    {
        using MlsIdentity identity = MlsIdentity.Create(7);
        byte[] key = identity.SignatureKey.ToArray(), signature = Signatures.SignWithLabel(identity.Key, "label", [1]);
        Assert.True(Signatures.VerifyWithLabel(key, "label", [1], signature));
        Assert.False(Signatures.VerifyWithLabel([2, .. key[1..]], "label", [1], signature));
        Assert.False(Signatures.VerifyWithLabel(key.AsSpan(0, 64), "label", [1], signature));
        Assert.False(Signatures.VerifyWithLabel(LeafForge.OffCurve(key), "label", [1], signature));
        Assert.False(Signatures.VerifyWithLabel(key, "label", [1], [1, 2, 3]));
    }

    [Fact]
    public void External_sender_has_a_key_and_is_told_by_key_and_credential()
    {
        using DeliveryService service = new(1);
        byte[] encoded = service.ExternalSender;
        ExternalSender sender = ExternalSender.Parse(encoded);
        Assert.True(sender.IsSameAs(ExternalSender.Parse(encoded)));
        Assert.False(sender.IsSameAs(ExternalSender.Parse([.. encoded[..^1], 7])));
        Assert.False(sender.IsSameAs(ExternalSender.Parse([.. encoded[..10], (byte)(encoded[10] ^ 1), .. encoded[11..]])));
        Refused.With(MlsError.BadKey, () => ExternalSender.Parse([.. encoded[..2], 2, .. encoded[3..]]));
    }

    // RFC 9420 §5.3: a basic identity is any bytes, a chain of certificates is a list of vectors.
    [Theory]
    [InlineData("0001020361", true)]
    [InlineData("000200", true)]
    [InlineData("00020401610162", true)]
    [InlineData("0002020361", false)]
    [InlineData("000203016101", false)]
    public void Certificates_are_whole(string hex, bool isRead)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (isRead) Assert.Equal(bytes[3..], Read().Identity);
        else Refused.With(MlsError.Malformed, () => Read());

        Credential Read()
        {
            TlsReader reader = new(bytes);
            return Credential.Read(ref reader);
        }
    }

    // RFC 9420 §5.3: what follows another type cannot be read, also where it looks like a vector.
    [Theory]
    [InlineData("00000161")]
    [InlineData("00030161")]
    [InlineData("0A0A0161")]
    public void Credential_of_another_type_is_refused(string hex) => Refused.With(MlsError.BadCredential, () =>
    {
        TlsReader reader = new(Convert.FromHexString(hex));
        Credential.Read(ref reader);
    });

    // RFC 9420 §6: only members and external senders have an index.
    [Theory]
    [InlineData("0100000005", SenderType.Member, 5)]
    [InlineData("0200000005", SenderType.External, 5)]
    [InlineData("03", SenderType.NewMemberProposal, 0)]
    [InlineData("04", SenderType.NewMemberCommit, 0)]
    internal void Sender_is_read_and_written_with_the_index_that_it_has(string hex, SenderType type, uint index)
    {
        byte[] bytes = Convert.FromHexString(hex);
        TlsReader reader = new(bytes);
        Sender sender = Sender.Read(ref reader);
        using TlsWriter writer = new();
        sender.Write(writer);
        Assert.Equal(new Sender(type, index), sender);
        Assert.Equal(bytes, writer.ToArray());
    }

    [Fact]
    public void References_are_equal_by_their_bytes_and_spread_by_them()
    {
        byte[] hash = SHA256.HashData([1]);
        ProposalReference one = new(hash), same = new([.. hash]), other = new(SHA256.HashData([2]));
        Assert.True(one == same && one != other);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one.GetHashCode(), other.GetHashCode());
    }
}

using Org.BouncyCastle.Crypto.Generators;
using Pipeline.Dave.Codes;
using Pipeline.Dave.Tests.Vectors;

namespace Pipeline.Dave.Tests.Codes;

public sealed class VerificationCodeTests
{
    public static byte[] Scrypt(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallelization,
        int length) =>
        SCrypt.Generate(password.ToArray(), salt.ToArray(), cost, blockSize, parallelization, length);

    [Fact]
    public void The_smaller_fingerprint_stands_first_for_each_side()
    {
        DaveMember one = new(1, Enumerable.Repeat((byte)7, 65).ToArray());
        DaveMember two = new(2, Enumerable.Repeat((byte)6, 65).ToArray());
        byte[] input = VerificationCode.Input(one, two);
        Assert.Equal(2 * (2 + 65 + 8), input.Length);
        Assert.Equal(input, VerificationCode.Input(two, one));
        Assert.Equal([0, 0, 6], input[..3]);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 2], input[67..75]);
    }

    [Fact]
    public void Privacy_codes_of_recorded_epochs_are_daveys()
    {
        int seen = 0;
        foreach (System.Text.Json.JsonElement after in DaveVectors.Steps.Select(step => step.GetProperty("after")))
        {
            Assert.Equal(after.GetProperty("privacy_code").GetString(), PrivacyCode.From(after.Bytes("epoch_authenticator")));
            seen++;
        }
        Assert.True(seen >= 7, $"{seen} epochs");
    }

    [Fact]
    public void Codes_are_shown_in_groups_of_five() => Assert.Equal("12345 67890", DisplayableCode.WithSpaces("1234567890"));

    [Fact]
    public void Data_may_be_used_up_by_the_digits() => Assert.Equal(new string('0', 30), DisplayableCode.From(new byte[30], 30));

    [Theory]
    [InlineData(7)]
    [InlineData(35)]
    public void Digits_that_the_data_cannot_give_are_our_bug(int digits) =>
        Assert.Throws<ArgumentException>(() => DisplayableCode.From(new byte[32], digits));
}

using Pipeline.Dave.Keys;
using Pipeline.Dave.Tests.Vectors;

namespace Pipeline.Dave.Tests.Keys;

public sealed class SenderRatchetTests
{
    [Fact]
    public void First_key_of_every_recorded_sender_is_daveys()
    {
        foreach (DaveVectors.SealedFrame vector in DaveVectors.Frames)
        {
            using SenderRatchet ratchet = new(vector.BaseSecret);
            Assert.Equal(Convert.ToHexString(vector.Key), KeyOf(ratchet, 0));
        }
    }

    [Fact]
    public void Second_generation_is_the_one_davey_uses_after_2_to_the_24_frames()
    {
        using SenderRatchet ratchet = new(Convert.FromHexString("5a94f945e64aa1eff8900037acabe873"));
        Assert.Equal("2D03449BDCA852E81F2D364AF96BB17C", KeyOf(ratchet, 0));
        Assert.Equal("B4FF5FE78C2A9D13F9BC386D4AFFF1F5", KeyOf(ratchet, 1));
    }

    [Fact]
    public void Forgetting_older_generations_leaves_the_later_ones_as_they_were()
    {
        byte[] baseSecret = [.. Enumerable.Range(0, 16).Select(i => (byte)(i * 7))];
        using SenderRatchet ratchet = new(baseSecret);
        string seventh = KeyOf(ratchet, 7);
        ratchet.ForgetBefore(5);
        Assert.Equal(5u, ratchet.OldestGeneration);
        Assert.Equal(seventh, KeyOf(ratchet, 7));
        Assert.Equal(Convert.ToHexString(FrameSealer.KeyOf(baseSecret, 260)), KeyOf(ratchet, 260));
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyOf(ratchet, 4));
    }

    [Fact]
    public void A_base_secret_of_another_length_is_our_bug() =>
        Assert.Throws<ArgumentException>(() => new SenderRatchet(new byte[32]));

    private static string KeyOf(SenderRatchet ratchet, uint generation)
    {
        byte[] key = new byte[16];
        ratchet.DeriveKey(generation, key);
        return Convert.ToHexString(key);
    }
}

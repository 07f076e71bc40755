using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Tests.Rtp;

public sealed class TransportKeyTests
{
    [Theory]
    [InlineData("aead_aes256_gcm_rtpsize,aead_xchacha20_poly1305_rtpsize", "aead_aes256_gcm_rtpsize")]
    [InlineData("aead_xchacha20_poly1305_rtpsize", "aead_xchacha20_poly1305_rtpsize")]
    [InlineData("xsalsa20_poly1305,aead_xchacha20_poly1305_rtpsize", "aead_xchacha20_poly1305_rtpsize")]
    [InlineData("xsalsa20_poly1305_lite", null)]
    [InlineData("", null)]
    public void Mode_is_chosen_among_what_the_server_offers(string offered, string? expected) =>
        Assert.Equal(expected, TransportKey.ChooseMode(offered.Split(',')));

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Another_length_than_32_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new TransportKey(TransportKey.AesGcmMode, new byte[length]));

    [Fact]
    public void Unknown_mode_is_refused() =>
        Assert.Throws<ArgumentException>(() => new TransportKey("xsalsa20_poly1305", new byte[32]));

    [Fact]
    public void Key_is_the_same_by_its_mode_and_all_of_its_bytes()
    {
        byte[] secret = new RtpPacketBuilder().TransportKey, other = [.. secret[..31], (byte)~secret[31]];
        using TransportKey key = new(TransportKey.AesGcmMode, secret), same = new(TransportKey.AesGcmMode, secret);
        using TransportKey otherMode = new(TransportKey.XChaCha20Mode, secret), otherBytes = new(TransportKey.AesGcmMode, other);
        Assert.Equal((true, false, false), (key.Matches(same), key.Matches(otherMode), key.Matches(otherBytes)));
    }

    [Fact]
    public void Text_shows_the_mode_and_nothing_else()
    {
        using TransportKey key = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
        Assert.Equal("aead_aes256_gcm_rtpsize", key.ToString());
    }
}

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
    public void Text_shows_the_mode_and_nothing_else()
    {
        using TransportKey key = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
        Assert.Equal("aead_aes256_gcm_rtpsize", key.ToString());
    }
}

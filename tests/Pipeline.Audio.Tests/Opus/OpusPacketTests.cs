using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Opus;

public sealed class OpusPacketTests
{
    // RFC 6716 §3.1, table 2: samples of one frame for each of the 32 configurations.
    private static readonly int[] FrameSamplesByConfig =
    [
        480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880,
        480, 960, 480, 960,
        120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960,
    ];

    [Fact]
    public void Frame_size_follows_the_table_for_every_configuration()
    {
        for (int config = 0; config < 32; config++)
            Assert.Equal(FrameSamplesByConfig[config], OpusPacket.FrameSamples((byte)(config << 3)));
    }

    [Theory]
    [InlineData(new byte[] { 0xF8, 0xFF, 0xFE }, 960)] // code 0
    [InlineData(new byte[] { 0xF9, 1, 1 }, 1920)] // code 1: two frames of equal size
    [InlineData(new byte[] { 0xFA, 1, 1, 1 }, 1920)] // code 2: two frames
    [InlineData(new byte[] { 0xFB, 3, 1, 1, 1 }, 2880)] // code 3: three frames
    [InlineData(new byte[] { 0xFB, 0xC3, 1, 1, 1 }, 2880)] // code 3 with flags for padding and VBR
    [InlineData(new byte[] { 0xE3, 48 }, 5760)] // 48 frames of 2.5 ms: the longest packet there is
    public void Duration_counts_all_frames(byte[] packet, int samples)
    {
        Assert.True(OpusPacket.TryGetDuration(packet, out int found));
        Assert.Equal(samples, found);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0xFB })] // the count is missing
    [InlineData(new byte[] { 0xFB, 0 })] // no frame at all
    [InlineData(new byte[] { 0xE3, 49 })] // 122.5 ms
    [InlineData(new byte[] { 0x1B, 3 })] // three times 60 ms
    public void What_is_no_packet_has_no_duration(byte[] packet) => Assert.False(OpusPacket.TryGetDuration(packet, out _));

    [Theory]
    [InlineData(120)]
    [InlineData(240)]
    [InlineData(480)]
    [InlineData(960)]
    [InlineData(1920)]
    [InlineData(2880)]
    public void Duration_of_real_packets_is_what_was_encoded(int samples)
    {
        using OpusEncoder encoder = new();
        Assert.True(OpusPacket.TryGetDuration(encoder.Encode(new short[samples]), out int found));
        Assert.Equal(samples, found);
    }

    [Fact]
    public void Marker_and_discontinuous_transmission_are_silent_speech_is_not()
    {
        Assert.True(OpusPacket.IsSilent([0xF8, 0xFF, 0xFE]));
        Assert.True(OpusPacket.IsSilent([0x78]));
        Assert.False(OpusPacket.IsSilent([0xF8, 0xFF, 0xFD]));
    }

    [Theory]
    [InlineData(new byte[] { 0xF8 }, true)] // code 0: a frame of nothing
    [InlineData(new byte[] { 0xF9, 1, 1 }, true)]
    [InlineData(new byte[] { 0xF9, 1, 1, 1 }, false)] // R3: an odd number of bytes for two equal frames
    [InlineData(new byte[] { 0xFA, 1, 1, 1 }, true)]
    [InlineData(new byte[] { 0xFA }, false)] // R4: no length
    [InlineData(new byte[] { 0xFA, 9, 1 }, false)] // R4: longer than the packet
    [InlineData(new byte[] { 0xFB, 3, 1, 1, 1 }, true)]
    [InlineData(new byte[] { 0xFB, 3, 1, 1 }, false)] // R6: not divisible
    [InlineData(new byte[] { 0xFB, 0x41, 2, 1, 0, 0 }, true)] // one frame and two bytes of padding
    [InlineData(new byte[] { 0xFB, 0x41, 9, 1 }, false)] // R6: more padding than there is
    [InlineData(new byte[] { 0xFB, 0x82, 1, 7, 7, 7 }, true)] // one byte, then two
    [InlineData(new byte[] { 0xFB, 0x82, 9, 7 }, false)] // R7
    [InlineData(new byte[] { 0xFB, 0 }, false)] // R5: no frames
    [InlineData(new byte[] { 0xFB, 0x82, 252 }, false)] // a length that is cut off
    public void Layout_is_checked_as_a_decoder_does(byte[] packet, bool isWellFormed)
    {
        Assert.Equal(isWellFormed, OpusPacket.IsWellFormed(packet, out _));
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        Assert.Equal(isWellFormed, decoder.Decode(packet, pcm, out _) == OpusDecodeResult.Decoded);
    }

    [Fact]
    public void Any_bytes_are_judged_as_a_decoder_does()
    {
        Random random = new(11);
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] packet = new byte[random.Next(1, 40)];
            random.NextBytes(packet);
            if (random.Next(2) == 0) packet[0] |= 3; // the layouts with most to be checked
            bool decodes = decoder.Decode(packet, pcm, out int samples) == OpusDecodeResult.Decoded;
            Assert.Equal((decodes, samples), (OpusPacket.IsWellFormed(packet, out int counted), decodes ? counted : 0));
        }
    }
}

using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Tests.Opus;

/// <summary>The longest and shortest that a packet may have in each of its layouts (RFC 6716 §3.4), and the rounding of samples.</summary>
public sealed class OpusBoundsTests
{
    private const int Longest = 1275;

    [Theory]
    [InlineData(0, Longest, true)]
    [InlineData(0, Longest + 1, false)]
    [InlineData(1, 2 * Longest, true)]
    [InlineData(1, (2 * Longest) + 2, false)]
    [InlineData(1, (2 * Longest) - 1, false)]
    public void Frames_without_lengths_are_at_most_1275_bytes(int code, int bytes, bool isWellFormed) =>
        Assert.Equal(isWellFormed, OpusPacket.IsWellFormed([(byte)(0xF8 | code), .. new byte[bytes]], out _));

    [Theory]
    [InlineData(Longest, true)]
    [InlineData(Longest + 1, false)]
    public void Last_of_two_frames_is_at_most_1275_bytes(int bytes, bool isWellFormed)
    {
        Assert.Equal(isWellFormed, OpusPacket.IsWellFormed([0xFA, 3, 1, 1, 1, .. new byte[bytes]], out _));
        Assert.Equal(isWellFormed, OpusPacket.IsWellFormed([0xFB, 0x82, 3, 1, 1, 1, .. new byte[bytes]], out _));
        Assert.Equal(isWellFormed, OpusPacket.IsWellFormed([0xFB, 0x02, .. new byte[2 * bytes]], out _));
    }

    [Fact]
    public void First_of_two_frames_may_take_all_and_no_more()
    {
        Assert.True(OpusPacket.IsWellFormed([0xFA, 3, 1, 1, 1], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFA, 4, 1, 1, 1], out _));
        Assert.True(OpusPacket.IsWellFormed([0xFB, 0x82, 3, 1, 1, 1], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFB, 0x82, 4, 1, 1, 1], out _));
    }

    [Theory]
    [InlineData(251, 1)]
    [InlineData(252, 2)]
    public void Lengths_from_252_on_take_two_bytes(int length, int bytes)
    {
        byte[] coded = bytes == 1 ? [(byte)length] : [252, (byte)((length - 252) / 4)];
        Assert.True(OpusPacket.IsWellFormed([0xFA, .. coded, .. new byte[length]], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFA, .. coded, .. new byte[length - 1]], out _));
        byte[] longer = [0xFA, 253, 10, .. new byte[253 + 40]];
        Assert.True(OpusPacket.IsWellFormed(longer, out _));
        Assert.False(OpusPacket.IsWellFormed(longer.AsSpan(0, longer.Length - 1), out _));
    }

    [Fact]
    public void Padding_may_take_all_and_its_255_stand_for_254_more()
    {
        Assert.True(OpusPacket.IsWellFormed([0xFB, 0x41, 3, 0, 0, 0], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFB, 0x41, 4, 0, 0, 0], out _));
        Assert.True(OpusPacket.IsWellFormed([0xFB, 0x41, 255, 1, .. new byte[255]], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFB, 0x41, 255, 1, .. new byte[254]], out _));
        Assert.False(OpusPacket.IsWellFormed([0xFB, 0x41, 255], out _)); // the next length is missing
        Assert.False(OpusPacket.IsWellFormed([0xFB, 0x41], out _));
    }

    [Fact]
    public void Packet_of_two_bytes_is_silent_and_one_of_three_is_not()
    {
        Assert.True(OpusPacket.IsSilent([0x78, 1]));
        Assert.False(OpusPacket.IsSilent([0x78, 1, 2]));
        Assert.False(OpusPacket.IsSilent(OpusPacket.StereoSilenceMarker));
        Assert.False(OpusPacket.IsSilenceMarker([0xF8, 0xFF]));
    }

    [Fact]
    public void Length_that_is_to_be_made_up_is_a_multiple_that_fits()
    {
        short[] pcm = new short[240];
        OpusPacket.CheckMadeLength(pcm, 120, 2);
        OpusPacket.CheckMadeLength(pcm, 240, 1);
        Assert.Throws<ArgumentException>(() => OpusPacket.CheckMadeLength(pcm, 240, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => OpusPacket.CheckMadeLength(pcm, 119, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => OpusPacket.CheckMadeLength(pcm, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => OpusPacket.CheckMadeLength(pcm, -120, 1));
    }

    /// <summary>Eight at a time and the rest one by one: the same rounding, half to even, and the same limits at every place.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(23)]
    public void Floats_are_rounded_and_limited_alike_wherever_they_stand(int length)
    {
        (float Sample, short Value)[] known =
        [
            (0, 0), (0.5f / 32768, 0), (1.5f / 32768, 2), (-0.5f / 32768, 0), (-1.5f / 32768, -2), (1, 32767), (-1, -32768), (2, 32767),
            (-2, -32768), (0.25f, 8192), (32766.5f / 32768, 32766),
        ];
        for (int at = 0; at < length; at++)
        {
            foreach ((float sample, short value) in known)
            {
                float[] samples = new float[length];
                samples[at] = sample;
                short[] pcm = [.. Enumerable.Repeat((short)77, length + 1)];
                Assert.Equal(Math.Abs(sample), FloatSamples.ToInt16(samples, pcm));
                Assert.Equal(value, pcm[at]);
                Assert.Equal(77, pcm[length]);
                Assert.All(pcm.Take(length).Where((_, i) => i != at), other => Assert.Equal(0, other));
            }
        }
    }

    [Fact]
    public void Fillers_have_their_bytes()
    {
        byte[] packet = new byte[OpusFiller.LongestPacket];
        Assert.Equal(2, OpusFiller.WriteLoss(packet, 0x78, 3));
        Assert.Equal([0x7B, 3], packet[..2]);
        Assert.True(OpusFiller.IsLoss(packet.AsSpan(0, 2)));
        Assert.Equal(2, OpusFiller.WriteShortLoss(packet, 0x7C, 5));
        Assert.Equal([0xE7, 5], packet[..2]); // stereo as before
        Assert.Equal(2, OpusFiller.WriteShortLoss(packet, 0x78, 5));
        Assert.Equal([0xE3, 5], packet[..2]);
        for (int frames = 1; frames <= 7; frames++)
        {
            int length = OpusFiller.WriteShortSilence(packet, frames);
            Assert.Equal(2 + (2 * frames), length);
            Assert.Equal([0xE3, (byte)frames, .. Enumerable.Repeat(new byte[] { 0xFF, 0xFE }, frames).SelectMany(two => two)],
                packet[..length]);
            Assert.False(OpusFiller.IsLoss(packet.AsSpan(0, length)));
            Assert.True(OpusPacket.TryGetDuration(packet.AsSpan(0, length), out int samples));
            Assert.Equal(frames * 120, samples);
        }
        Assert.True(OpusPacket.TryGetDuration(OpusFiller.LongSilence, out int longest));
        Assert.Equal(OpusPacket.MaximumSamples, longest);
        Assert.True(OpusPacket.IsWellFormed(OpusFiller.LongSilence, out _));
    }

    [Theory]
    [InlineData(new byte[] { 0x7B, 3 }, true)]
    [InlineData(new byte[] { 0x7A, 3 }, false)] // not code 3
    [InlineData(new byte[] { 0x7B, 0x43 }, false)] // padding
    [InlineData(new byte[] { 0x7B, 0x83 }, false)] // lengths
    [InlineData(new byte[] { 0x7B }, false)]
    [InlineData(new byte[] { 0x7B, 3, 0 }, false)]
    public void Loss_is_told_from_what_a_sender_writes(byte[] packet, bool isLoss) => Assert.Equal(isLoss, OpusFiller.IsLoss(packet));
}

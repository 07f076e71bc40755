using CsCheck;
using Pipeline.Dave.Frames;
using Pipeline.Dave.Tests.Vectors;

namespace Pipeline.Dave.Tests.Frames;

public sealed class DaveFrameTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];

    [Fact]
    public void Every_frame_of_davey_is_cut_at_its_seams()
    {
        int seen = 0;
        foreach (DaveVectors.SealedFrame vector in DaveVectors.Frames)
        {
            Assert.True(DaveFrame.TryParse(vector.Sealed, out DaveFrame frame));
            Assert.Equal(vector.Plain.Length, frame.Body.Length);
            Assert.Equal(vector.Sealed.AsSpan(vector.Plain.Length, 8), frame.Tag);
            Assert.Equal(1u, frame.Nonce);
            Assert.Equal(0, frame.Generation);
            Assert.True(frame.ClearRanges.IsEmpty);
            seen++;
        }
        Assert.True(seen >= 15, $"{seen} frames");
    }

    [Fact]
    public void Sealed_frames_with_any_clear_ranges_parse_back()
    {
        Gen<(byte[] Plain, uint Nonce, int[] Cuts)> frames = Gen.Select(Gen.Byte.Array[0, 400], Gen.UInt, Gen.Int[0, 400].Array[0, 8]);
        frames.Sample(input =>
        {
            int[] cuts = [.. input.Cuts.Where(cut => cut <= input.Plain.Length).Order()];
            (int, int)[] ranges = [.. Enumerable.Range(0, cuts.Length / 2).Select(i => (cuts[2 * i], cuts[2 * i + 1] - cuts[2 * i]))];
            byte[] bytes = FrameSealer.Seal(Key, input.Nonce, input.Plain, ranges);

            if (!DaveFrame.TryParse(bytes, out DaveFrame frame) || frame.Nonce != input.Nonce || frame.Body.Length != input.Plain.Length)
                return false;
            List<(int, int)> parsed = [];
            foreach (ClearRange range in frame.ClearRanges) parsed.Add((range.Offset, range.Size));
            return parsed.SequenceEqual(ranges);
        }, seed: "0000KwMJWFk1", iter: 2_000);
    }

    [Theory]
    [InlineData("00", 0L)]
    [InlineData("FFFFFFFF0F", (long)uint.MaxValue)]
    [InlineData("8080808000", 0L)]
    [InlineData("FFFFFFFF1F", null)]
    [InlineData("808080808000", null)]
    [InlineData("80", null)]
    [InlineData("", null)]
    public void Number_has_one_to_five_bytes_and_32_bits(string hex, long? expected)
    {
        ReadOnlySpan<byte> bytes = Convert.FromHexString(hex);
        Assert.Equal(expected is not null, Uleb128.TryRead(ref bytes, out uint value));
        if (expected is { } number) Assert.Equal((number, 0), ((long)value, bytes.Length));
    }

    [Fact]
    public void Arbitrary_bytes_never_throw_and_never_yield_ranges_outside_the_body()
    {
        Gen<byte[]> garbage = Gen.Byte.Array[0, 64];
        Gen<byte[]> nearly = Gen.Select(garbage, Gen.Byte, (bytes, size) => (byte[])[.. bytes, size, 0xFA, 0xFA]);
        Gen.OneOf(garbage, nearly).Sample(bytes =>
        {
            if (!DaveFrame.TryParse(bytes, out DaveFrame frame)) return true;
            foreach (ClearRange range in frame.ClearRanges)
            {
                if (range.End > frame.Body.Length) return false;
            }
            return frame.Body.Length + DaveFrame.TagLength + 4 <= bytes.Length;
        }, iter: 20_000);
    }

    [Fact]
    public void A_frame_cut_short_anywhere_is_not_one()
    {
        byte[] whole = FrameSealer.Seal(Key, 300, new byte[40], (4, 8));
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.False(DaveFrame.TryParse(whole.AsSpan(0, length), out _), $"length {length}");
        }
    }

    [Theory]
    [InlineData("0000000000000000 0B FAFA")]
    [InlineData("0000000000000000 01 0A FAFA")]
    [InlineData("0000000000000000 01 0D FAFA")]
    [InlineData("0000000000000000 FFFFFFFF1F 10 FAFA")]
    [InlineData("0000000000000000 808080808001 11 FAFA")]
    [InlineData("0000000000000000 81 0C FAFA")]
    [InlineData("0000000000000000 01 00 0D FAFA")]
    [InlineData("AABB 0000000000000000 01 0003 0E FAFA")]
    [InlineData("AABB 0000000000000000 01 0101 0001 10 FAFA")]
    [InlineData("AABB 0000000000000000 01 02 FFFFFFFF0F 12 FAFA")]
    [InlineData("AABB 0000000000000000 01 0C FAFB")]
    public void Impossible_trailers_are_refused(string hex) =>
        Assert.False(DaveFrame.TryParse(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out _));

    [Fact]
    public void Ranges_may_touch_each_other_and_both_ends_of_the_body()
    {
        byte[] whole = FrameSealer.Seal(Key, 1, new byte[12], (0, 4), (4, 3), (7, 0), (10, 2));
        Assert.True(DaveFrame.TryParse(whole, out DaveFrame frame));
        Assert.Equal(9, frame.ClearRanges.TotalSize);
        Assert.Equal(12, frame.Body.Length);
    }

    [Fact]
    public void An_empty_body_is_legal()
    {
        Assert.True(DaveFrame.TryParse(Convert.FromHexString("0000000000000000010CFAFA"), out DaveFrame frame));
        Assert.True(frame.Body.IsEmpty);
    }
}

using System.Collections;
using System.Reflection;
using CsCheck;
using Pipeline.Dave.Frames;
using Pipeline.Dave.Keys;
using Pipeline.Dave.Tests.Vectors;

namespace Pipeline.Dave.Tests.Keys;

public sealed class SenderDecryptorTests
{
    private const long Second = 1_000;
    private static readonly byte[] Secret = [.. Enumerable.Range(0, 16).Select(i => (byte)(200 + i))];
    private static readonly byte[] Plain = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];

    private readonly FrameScratch scratch = new();

    [Fact]
    public void Frames_of_davey_open()
    {
        foreach (DaveVectors.SealedFrame vector in DaveVectors.Frames)
        {
            using SenderDecryptor decryptor = new(vector.BaseSecret, 0, Second);
            Assert.Equal((OpenOutcome.Opened, Convert.ToHexString(vector.Plain)), Open(decryptor, vector.Sealed, 0));
        }
    }

    [Fact]
    public void Any_flipped_bit_is_refused_and_leaves_zeros()
    {
        DaveVectors.SealedFrame vector = DaveVectors.Frames.First();
        for (int bit = 0; bit < vector.Sealed.Length * 8; bit++)
        {
            byte[] forged = [.. vector.Sealed];
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (!DaveFrame.TryParse(forged, out DaveFrame frame)) continue;
            using SenderDecryptor decryptor = new(vector.BaseSecret, 0, Second);
            byte[] destination = new byte[forged.Length];
            Assert.Equal(OpenOutcome.Refused, decryptor.TryOpen(in frame, destination, scratch, 0));
            Assert.True(destination.All(b => b == 0), $"bit {bit} left plaintext");
        }
    }

    [Fact]
    public void Pieces_that_were_opened_between_clear_ranges_are_wiped()
    {
        using FrameCipher cipher = new(Secret);
        Assert.True(DaveFrame.TryParse(FrameSealer.Seal(Secret, 1, Plain, [(10, 5)]), out DaveFrame frame));
        byte[] destination = new byte[Plain.Length];
        Assert.True(cipher.TryOpen(in frame, destination, scratch));
        Assert.Equal(Plain, destination);
        scratch.Rent(Plain.Length, out _, out _, out _, out Span<byte> opened);
        Assert.False(opened.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Frames_with_clear_ranges_open_to_the_plain_frame_and_authenticate_the_clear_bytes()
    {
        Gen.Select(Gen.Byte.Array[0, 3000], Gen.UInt[0, 0xFFFFFF], Gen.Int[0, 3000].Array[0, 6]).Sample((plain, nonce, cuts) =>
        {
            int[] sorted = [.. cuts.Where(cut => cut <= plain.Length).Order()];
            (int Offset, int Size)[] ranges = [.. Enumerable.Range(0, sorted.Length / 2)
                .Select(i => (sorted[2 * i], sorted[2 * i + 1] - sorted[2 * i]))];
            byte[] bytes = FrameSealer.Seal(FrameSealer.KeyOf(Secret, 0), nonce, plain, ranges);
            using SenderDecryptor decryptor = new(Secret, 0, Second);
            if (Open(decryptor, bytes, 0) != (OpenOutcome.Opened, Convert.ToHexString(plain))) return false;

            (int Offset, int Size) clear = ranges.FirstOrDefault(range => range.Size > 0);
            if (clear.Size == 0) return true;
            bytes[clear.Offset] ^= 1;
            using SenderDecryptor second = new(Secret, 0, Second);
            return Open(second, bytes, 0).Outcome == OpenOutcome.Refused;
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void The_same_frame_twice_is_a_replay()
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        byte[] bytes = Seal(0, 5);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, bytes, 0).Outcome);
        Assert.Equal((OpenOutcome.Replayed, new string('0', 2 * Plain.Length)), Open(decryptor, bytes, 0));
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(0, 4), 0).Outcome);
    }

    [Fact]
    public void A_generation_that_cannot_have_come_yet_is_refused()
    {
        // 2^24 frames at 170 per second take 27.4 hours.
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        Assert.Equal(OpenOutcome.Refused, Open(decryptor, Seal(1, 0), 98_000 * Second).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 0), 99_000 * Second).Outcome);
        Assert.Equal(OpenOutcome.Refused, Open(decryptor, Seal(2, 0), 99_000 * Second).Outcome);
    }

    [Theory]
    [InlineData(0, 98_689, OpenOutcome.Refused)] // 170 x 98,689 is 86 short of 2^24
    [InlineData(0, 98_690, OpenOutcome.Opened)]
    [InlineData(50_000, 148_689, OpenOutcome.Refused)]
    [InlineData(50_000, 148_690, OpenOutcome.Opened)]
    [InlineData(50_000, 40_000, OpenOutcome.Refused)] // the clocks of two threads may differ by a little
    internal void A_generation_counts_from_when_its_keys_came(int createdAt, int now, OpenOutcome expected)
    {
        using SenderDecryptor decryptor = new(Secret, createdAt * Second, Second);
        Assert.Equal(expected, Open(decryptor, Seal(1, 0), now * Second).Outcome);
    }

    [Theory]
    [InlineData(250, OpenOutcome.Opened)]
    [InlineData(251, OpenOutcome.Refused)]
    internal void A_generation_is_at_most_250_ahead(uint generation, OpenOutcome expected)
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        Assert.Equal(expected, Open(decryptor, Seal(generation, 0), 30_000_000 * Second).Outcome);
    }

    [Theory]
    [InlineData(9_999, OpenOutcome.Opened)]
    [InlineData(10_000, OpenOutcome.Refused)]
    internal void Lateness_ends_with_the_tenth_second(int milliseconds, OpenOutcome expected)
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        long now = 200_000 * Second;
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(0, 0xFFFFF0), now).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 1), now).Outcome);
        Assert.Equal(expected, Open(decryptor, Seal(0, 0xFFFFF1), now + milliseconds).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 2), now + milliseconds).Outcome);
    }

    [Fact]
    public void An_older_generation_opens_for_ten_seconds_after_a_newer_one()
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        long now = 200_000 * Second;
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(0, 0xFFFFF0), now).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 3), now).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 5), now + 5 * Second).Outcome); // prolongs nothing
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(0, 0xFFFFF1), now + 9 * Second).Outcome);
        Assert.Equal(OpenOutcome.Refused, Open(decryptor, Seal(0, 0xFFFFF2), now + 11 * Second).Outcome);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(1, 4), now + 11 * Second).Outcome);
    }

    [Fact]
    public void A_generation_never_used_is_forgotten_with_the_others()
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        long now = 400_000 * Second;
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(2, 1), now).Outcome);
        Assert.Equal(OpenOutcome.Refused, Open(decryptor, Seal(1, 0xFFFFFF), now + 11 * Second).Outcome);
    }

    [Fact]
    public void Key_in_use_is_kept_when_the_older_one_is_let_go()
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        long now = 200_000 * Second;
        Open(decryptor, Seal(0, 0xFFFFF0), now);
        Open(decryptor, Seal(1, 1), now);
        FrameCipher[] ciphers = [.. Ciphers(decryptor)];
        byte[][] frames = [.. Enumerable.Range(2, 200).Select(counter => Seal(1, (uint)counter))];
        byte[] destination = new byte[frames[0].Length];
        long before = 0;
        int opened = 0;
        for (int i = 0; i < frames.Length; i++)
        {
            if (i == 100) before = GC.GetAllocatedBytesForCurrentThread();
            if (DaveFrame.TryParse(frames[i], out DaveFrame frame)
                && decryptor.TryOpen(in frame, destination, scratch, now + (10 * Second)) == OpenOutcome.Opened) opened++;
        }
        Assert.Equal((200, 0L), (opened, GC.GetAllocatedBytesForCurrentThread() - before)); // a new key would have to be made
        Assert.Equal(ciphers[1..], Ciphers(decryptor));
        Assert.Throws<ObjectDisposedException>(() => DaveFrame.TryParse(frames[0], out DaveFrame frame)
            && ciphers[0].TryOpen(in frame, destination, scratch));
    }

    [Fact]
    public void What_is_disposed_opens_nothing_any_more()
    {
        SenderDecryptor decryptor = new(Secret, 0, Second);
        Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(0, 1), 0).Outcome);
        decryptor.Dispose();
        Assert.Equal(OpenOutcome.Refused, Open(decryptor, Seal(0, 2), 0).Outcome);
    }

    [Fact]
    public void The_eight_bits_of_the_generation_wrap()
    {
        using SenderDecryptor decryptor = new(Secret, 0, Second);
        long generationTime = 99_000 * Second;
        for (uint generation = 0; generation <= 300; generation += 50)
        {
            Assert.Equal(OpenOutcome.Opened, Open(decryptor, Seal(generation, 1), generation * generationTime).Outcome);
        }
    }

    // Nobody but the decryptor itself can reach them.
    private static IEnumerable<FrameCipher> Ciphers(SenderDecryptor decryptor) => ((IEnumerable)typeof(SenderDecryptor)
        .GetField("generations", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(decryptor)!)
        .Cast<object>().Select(one => (FrameCipher)one.GetType().GetProperty("Cipher")!.GetValue(one)!);

    private static byte[] Seal(uint generation, uint counter) =>
        FrameSealer.Seal(FrameSealer.KeyOf(Secret, generation), ((generation & 0xFF) << 24) | counter, Plain);

    private (OpenOutcome Outcome, string Plain) Open(SenderDecryptor decryptor, byte[] bytes, long now)
    {
        Assert.True(DaveFrame.TryParse(bytes, out DaveFrame frame));
        byte[] destination = new byte[bytes.Length];
        OpenOutcome outcome = decryptor.TryOpen(in frame, destination, scratch, now);
        return (outcome, Convert.ToHexString(destination.AsSpan(0, frame.Body.Length)));
    }
}

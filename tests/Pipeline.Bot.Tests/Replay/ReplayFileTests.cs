using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Bot.Replay;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>
/// What a file becomes before it is sent: its packets decoded must sound as a player would play the file, at the same samples.
/// </summary>
public sealed class ReplayFileTests : IDisposable
{
    private const int Second = 48_000;
    private static readonly short[] Ada = Trim(OggBytes.Ada, 312);

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Plain_file_keeps_its_packets()
    {
        ReplayFile file = Open(OggBytes.Ada);
        OggOpusReader reader = new(new MemoryStream(OggBytes.Ada));
        using ReplayFile.Cursor cursor = file.Begin();
        int packets = 0;
        while (cursor.TryRead(out ReplayPacket packet))
        {
            Assert.True(reader.TryRead(out OggOpusPacket expected));
            Assert.Equal((packets++ * 960L) - 312, packet.Position);
            Assert.Equal(expected.Opus, packet.Opus);
        }
        Assert.False(reader.TryRead(out _));
        Assert.Equal((312, Ada.Length, null), (file.LeadIn, file.Length, file.Warning));
    }

    [Theory]
    [InlineData(OpusChoice.Libopus)]
    [InlineData(OpusChoice.Managed)]
    public void Wav_of_the_same_speech_lies_where_it_lay(OpusChoice codec)
    {
        string wav = folder.Combine("ada.wav");
        using (WavWriter writer = new(wav, new WavFormat(1, Second), new byte[4096]))
        {
            writer.Write(Ada);
            writer.Close();
        }
        ReplayFile file = new(wav, OpusCodecs.Choose(codec));
        Assert.Equal((Ada.Length, null), (file.Length, file.Warning));
        AssertSame(Ada, Play(file));
    }

    /// <summary>What people have: any rate, resampled to where it lay. Of 8 kHz the upper half of the voice is gone.</summary>
    [Theory]
    [InlineData("ada.wav", "-r 44100 -c 2 -b 16")]
    [InlineData("ada.wav", "-r 8000 -c 1 -b 16")]
    [InlineData("ada.aiff", "-r 32000 -c 1 -b 24")]
    public void File_of_another_rate_lies_where_it_lay(string name, string format)
    {
        ExternalTool.SkipUnlessInstalled("sox");
        string wav = folder.Combine("whole.wav"), file = folder.Combine(name), back = folder.Combine("back.raw");
        using (WavWriter writer = new(wav, new WavFormat(1, Second), new byte[4096]))
        {
            writer.Write(Ada);
            writer.Close();
        }
        ExternalTool.Run("sox", [wav, .. format.Split(' '), file]);
        ExternalTool.Run("sox", file, "-t", "raw", "-r", "48000", "-c", "1", "-b", "16", "-e", "signed", back);
        short[] expected = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(back)).ToArray();
        ReplayFile replayed = new(file, OpusCodecs.Choose(OpusChoice.Libopus));
        Assert.Equal((expected.Length, null), (replayed.Length, replayed.Warning));
        AssertSame(expected, Play(replayed));
    }

    [Fact]
    public void Gain_and_a_second_of_pre_skip_are_heeded()
    {
        ReplayFile file = Open(OggBytes.WithHeader(OggBytes.Ada, preSkip: Second, gain: -12 * 256));
        short[] expected = [.. Ada[(Second - 312)..].Select(value => (short)Math.Round(value * Math.Pow(10, -12 / 20.0)))];
        Assert.Equal(expected.Length, file.Length);
        AssertSame(expected, Play(file));
    }

    [Fact]
    public void Chained_file_follows_to_the_sample()
    {
        ReplayFile file = Open([.. OggBytes.Ada, .. OggBytes.WithHeader(OggBytes.Ada, 312, -6 * 256)]);
        Assert.Equal(2 * Ada.Length, file.Length);
        AssertSame([.. Ada, .. Ada.Select(value => (short)Math.Round(value * Math.Pow(10, -6 / 20.0)))], Play(file));
    }

    [Theory]
    [InlineData(960, 1)]
    [InlineData(960, 959)]
    [InlineData(960, 960)]
    [InlineData(960, 7000)]
    [InlineData(2880, 700)]
    [InlineData(2880, 2000)] // more of a packet than an encoder looks ahead: nobody who plays the file hears it
    [InlineData(2880, 7760)]
    public void End_before_that_of_the_packets_is_heeded(int samples, int trimmed)
    {
        byte[] tone = OggBytes.WithEarlierEnd(OggBytes.Tone(samples, 2), trimmed);
        ReplayFile file = Open(tone);
        Assert.Equal(((200L * samples) - 312 - trimmed, null), (file.Length, file.Warning));
        short[] expected = Trim(tone, 312);
        Assert.Equal(file.Length, expected.Length);
        AssertSame(expected, Play(file)); // which holds to at most a frame behind the end
    }

    [Fact]
    public void Chained_stream_begins_where_the_one_before_is_trimmed()
    {
        byte[] first = OggBytes.WithEarlierEnd(OggBytes.Tone(2880, 1), 7760), second = OggBytes.WithEarlierEnd(OggBytes.Tone(960, 1), 100);
        ReplayFile file = Open([.. first, .. second]);
        Assert.Equal(((100L * 2880) - 312 - 7760 + (100 * 960) - 312 - 100, null), (file.Length, file.Warning));
        AssertSame([.. Trim(first, 312), .. Trim(second, 312)], Play(file));
    }

    [Theory]
    [InlineData(0, "the input was cut off: no end-of-stream page")]
    [InlineData(500, "the input was cut off: no end-of-stream page")] // RFC 7845 §4.4: only the last page may trim
    public void File_without_an_end_is_taken_to_its_last_sample_and_told_of(int early, string problem)
    {
        ReplayFile file = Open(OggBytes.WithEarlierEnd(OggBytes.Tone(960, 2), early, isEnd: false));
        Assert.Equal((200 * 960) - 312, file.Length);
        Assert.Contains(problem, file.Warning, StringComparison.Ordinal);
        using ReplayFile.Cursor cursor = file.Begin();
        int packets = 0;
        for (; cursor.TryRead(out ReplayPacket packet); packets++)
            Assert.Equal(((packets * 960L) - 312, 0L), (packet.Position, packet.Missing));
        Assert.Equal(200, packets);
    }

    [Theory]
    [InlineData(2, 1)] // left and right, each in a stream of its own
    [InlineData(2, 255)]
    [InlineData(3, 255)]
    [InlineData(6, 1)]
    public void Streams_of_a_packet_are_played_together(int streams, byte family)
    {
        ReplayFile file = Open(OggBytes.InEachStream(streams, family));
        Assert.Equal((Ada.Length, null), (file.Length, file.Warning));
        AssertSame(Ada, Play(file));
    }

    [Fact]
    public void Chained_streams_of_different_channels_follow_to_the_sample()
    {
        ReplayFile file = Open([.. OggBytes.Ada, .. OggBytes.InEachStream(3, 255), .. OggBytes.InEachStream(2, 1), .. OggBytes.Ada]);
        Assert.Equal((4 * Ada.Length, null), (file.Length, file.Warning));
        AssertSame([.. Ada, .. Ada, .. Ada, .. Ada], Play(file));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-256)]
    public void Leap_of_five_seconds_is_a_pause(int gain)
    {
        byte[] leaping = OggBytes.WithLeap(OggBytes.WithHeader(OggBytes.Ada, 312, gain), page: 5, samples: 5 * Second);
        ReplayFile file = Open(leaping);
        Assert.Equal((Ada.Length + (5 * Second), null), (file.Length, file.Warning));
        short[] played = Play(file);
        int from = (3 * Second) - 312 + 960; // three pages of a second come before the leap; a decoder rings for a frame
        Assert.Equal(0, Energy(played.AsSpan(from + 960, (5 * Second) - 2880)));
        AssertSame([.. Ada.AsSpan(from + 4800, 5 * Second).ToArray().Select(value => (short)(value * Math.Pow(10, gain / 5120.0)))],
            played[(from + 4800 + (5 * Second))..]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-256)]
    public void Lost_pages_are_missing_and_move_nothing(int gain)
    {
        ReplayFile file = Open(OggBytes.WithoutPages(OggBytes.WithHeader(OggBytes.Ada, 312, gain), first: 4, count: 2));
        Assert.Equal(Ada.Length, file.Length);
        Assert.Contains("damaged in 1 place, 2.00 s are missing", file.Warning, StringComparison.Ordinal);
        using ReplayFile.Cursor cursor = file.Begin();
        List<(long Position, long Missing)> holes = [];
        while (cursor.TryRead(out ReplayPacket packet))
        {
            if (packet.Missing > 0) holes.Add((packet.Position, packet.Missing));
        }
        Assert.Equal(2 * Second, Assert.Single(holes).Missing);
        Assert.InRange(holes[0].Position, (4 * Second) - 960, 4 * Second);
    }

    [Theory]
    [InlineData(312, 0, 48_000)]
    [InlineData(312, -256, 47_688)]
    [InlineData(Second, 0, 0)] // a player skips that second
    public void Lost_start_is_missing_from_the_first_audible_sample_on(int preSkip, int gain, long missing)
    {
        ReplayFile file = Open(OggBytes.WithoutPages(OggBytes.WithHeader(OggBytes.Ada, preSkip, gain), first: 2, count: 1));
        using ReplayFile.Cursor cursor = file.Begin();
        Assert.True(cursor.TryRead(out ReplayPacket first));
        Assert.Equal((missing, 312L), (first.Missing, file.LeadIn));
        Assert.Equal(-312, first.Position - first.Missing);
    }

    [Theory]
    [InlineData("letter", "Dear Sir or Madam", "no Ogg page")]
    [InlineData("empty", "", "the input is empty")]
    [InlineData("film", "RIFF....AVI LIST", "no WAV or AIFF header")]
    public void File_of_another_kind_is_named_with_what_can_be_read(string name, string content, string problem)
    {
        string path = folder.Combine(name);
        File.WriteAllText(path, content);
        string message = Refusal(path);
        Assert.StartsWith($"{path}: {problem}", message, StringComparison.Ordinal);
        Assert.EndsWith("; Ogg Opus, WAV (PCM) and AIFF files can be read", message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_cannot_be_opened_is_named_without_talk_of_its_kind()
    {
        Assert.Equal($"{folder.Path}: this is a folder; a file is needed", Refusal(folder.Path));
        string nowhere = folder.Combine("nowhere.opus");
        Assert.Equal($"{nowhere}: there is no such file", Refusal(nowhere));
        Assert.Equal($"{nowhere}/a.opus: there is no such folder", Refusal(nowhere + "/a.opus"));
    }

    private static string Refusal(string path)
    {
        ReplayOptions options = new() { Speakers = [new ReplaySpeaker(1, "Ada", path, TimeSpan.Zero)] };
        return Assert.Throws<ReplayInputException>(() => ReplayInput.Read(options, OpusCodecs.Choose(OpusChoice.Managed))).Message;
    }

    private ReplayFile Open(byte[] content)
    {
        string path = folder.Combine("speech.opus");
        File.WriteAllBytes(path, content);
        return new ReplayFile(path, OpusCodecs.Choose(OpusChoice.Auto));
    }

    // As the recording's decoder gives it, without the samples before zero.
    private static short[] Play(ReplayFile file)
    {
        short[] played = new short[file.Length + 5760];
        short[] pcm = new short[OpusPacket.MaximumSamples];
        using LibopusDecoder decoder = new(1);
        using ReplayFile.Cursor cursor = file.Begin();
        long end = long.MinValue;
        while (cursor.TryRead(out ReplayPacket packet))
        {
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(packet.Opus, pcm, out int samples));
            Assert.True(packet.Position >= end, "packets overlap");
            end = packet.Position + samples;
            for (int i = 0; i < samples; i++)
            {
                if (packet.Position + i >= 0) played[packet.Position + i] = pcm[i];
            }
        }
        Assert.InRange(end, file.Length, file.Length + 960);
        return played;
    }

    private static short[] Trim(byte[] file, int preSkip)
    {
        OggOpusReader reader = new(new MemoryStream(file));
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[OpusPacket.MaximumSamples];
        List<short> all = [];
        while (reader.TryRead(out OggOpusPacket packet))
        {
            decoder.Decode(packet.Opus, pcm, out int samples);
            all.AddRange(pcm.AsSpan(0, samples - packet.EndTrim));
        }
        return [.. all.Skip(preSkip)];
    }

    // No other shift fits as well, and what was encoded a second time is 15 dB over its noise.
    private static void AssertSame(short[] expected, short[] actual)
    {
        double noise = Difference(expected, actual, 0);
        Assert.InRange(10 * Math.Log10(Energy(expected) / Math.Max(1, noise)), 15, double.PositiveInfinity);
        foreach (int shift in (int[])[-2, -1, 1, 2]) Assert.True(Difference(expected, actual, shift) > noise, $"it lies {shift} off");
    }

    private static double Difference(short[] expected, short[] actual, int shift)
    {
        double sum = 0;
        for (int i = 2; i < expected.Length - 2; i++) sum += Math.Pow(expected[i] - actual[i + shift], 2);
        return sum;
    }

    private static double Energy(ReadOnlySpan<short> pcm)
    {
        double sum = 0;
        foreach (short value in pcm) sum += (double)value * value;
        return sum;
    }
}

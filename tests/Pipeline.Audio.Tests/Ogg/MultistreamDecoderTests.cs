using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Files whose packets have several streams: what their headers say, and what is heard.</summary>
public sealed class MultistreamDecoderTests
{
    private const int Frame = 960;

    [Theory]
    [InlineData(0, 1, "")]
    [InlineData(0, 2, "")]
    [InlineData(1, 1, "01 00 00")]
    [InlineData(1, 2, "01 01 00 01")]
    [InlineData(1, 2, "01 00 00 00")] // both ears hear the one
    [InlineData(255, 1, "01 00 00")]
    public void One_stream_that_is_played_as_it_is_has_no_layout(int family, int channels, string table)
    {
        OpusHead head = Parse(family, channels, table);
        Assert.Equal((channels, 312, null), (head.Channels, head.PreSkip, head.Layout));
    }

    [Theory]
    [InlineData(1, 2, "02 00 00 01", 2, 0, 2)]
    [InlineData(1, 2, "01 01 01 00", 1, 1, 2)] // right and left are changed
    [InlineData(1, 2, "01 01 00 FF", 1, 1, 2)] // the right one is silent
    [InlineData(1, 1, "01 01 00", 1, 1, 1)] // only the left one
    [InlineData(1, 6, "04 02 00 04 01 02 03 05", 4, 2, 1)]
    [InlineData(255, 3, "03 00 00 01 02", 3, 0, 1)]
    [InlineData(7, 3, "03 00 00 01 02", 3, 0, 1)] // RFC 7845 §5.1.1.4: one that nobody knows is as 255
    [InlineData(2, 4, "04 00 00 01 02 03", 4, 0, 1)]
    public void Several_streams_have_a_layout(int family, int channels, string table, int streams, int coupled, int outputs)
    {
        OpusLayout layout = Parse(family, channels, table).Layout!;
        Assert.Equal((streams, coupled, outputs), (layout.Streams, layout.CoupledStreams, layout.Outputs));
    }

    [Theory]
    [InlineData(0, 3, "")]
    [InlineData(0, 0, "")]
    [InlineData(1, 0, "01 00")]
    [InlineData(1, 2, "02")] // no table
    [InlineData(1, 2, "02 00 00")] // a channel is missing
    [InlineData(1, 2, "00 00 00 01")] // no stream
    [InlineData(1, 2, "01 02 00 01")] // more of them coupled than there are
    [InlineData(1, 2, "02 00 00 02")] // a channel of none of them
    [InlineData(255, 2, "C8 64 00 01")] // 300 channels
    [InlineData(3, 4, "02 02 00 40")] // half a matrix
    public void Header_that_contradicts_itself_is_refused(int family, int channels, string table) =>
        Assert.Contains($"{channels} channels in mapping family {family}",
            Assert.Throws<OggFormatException>(() => Parse(family, channels, table)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(OpusChoice.Libopus)]
    [InlineData(OpusChoice.Managed)]
    public void Two_streams_of_mono_are_left_and_right(OpusChoice choice)
    {
        OpusLayout layout = Parse(1, 2, "02 00 00 01").Layout!;
        short[][] tones = Play(choice, layout, 2, out short[] heard);
        Assert.Equal(tones[0], Channel(heard, 0, 2));
        Assert.Equal(tones[1], Channel(heard, 1, 2));
        Assert.NotEqual(tones[0], tones[1]);
        tones = Play(choice, layout, 1, out heard);
        AssertMean([tones[0], tones[1]], heard);
    }

    [Theory]
    [InlineData(OpusChoice.Libopus)]
    [InlineData(OpusChoice.Managed)]
    public void Six_channels_are_mixed_to_one_each_with_its_share(OpusChoice choice)
    {
        short[][] tones = Play(choice, Parse(1, 6, "04 02 00 04 01 02 03 05").Layout!, 1, out short[] heard);
        Assert.Equal(6, tones.Length);
        AssertMean(tones, heard);
    }

    [Fact]
    public void Channel_of_no_stream_is_silent_and_takes_its_share()
    {
        short[][] tones = Play(OpusChoice.Auto, Parse(255, 3, "02 00 00 FF 01").Layout!, 1, out short[] heard);
        AssertMean([tones[0], tones[1], new short[heard.Length]], heard);
    }

    [Fact]
    public void Of_ambisonics_the_sound_of_all_sides_is_heard()
    {
        short[][] tones = Play(OpusChoice.Auto, Parse(2, 4, "04 00 02 01 00 03").Layout!, 1, out short[] heard);
        Assert.Equal(tones[2], heard);
        // A matrix by columns: the first row is a half of the first one less a half of the second one.
        byte[] matrix = new byte[2 * 4 * 4];
        BinaryPrimitives.WriteInt16LittleEndian(matrix, 16_384);
        BinaryPrimitives.WriteInt16LittleEndian(matrix.AsSpan(2 * 4), -16_384);
        tones = Play(OpusChoice.Auto, Parse(3, 4, "02 02 " + Convert.ToHexString(matrix)).Layout!, 1, out heard);
        AssertMean([tones[0], [.. tones[1].Select(value => (short)-value)]], heard);
    }

    [Fact]
    public void Packet_that_breaks_off_or_whose_streams_differ_in_length_changes_nothing()
    {
        OpusCodecs codecs = OpusCodecs.Choose(OpusChoice.Auto);
        using MultistreamDecoder decoder = new(Parse(1, 2, "02 00 00 01").Layout!, 2, codecs);
        short[] pcm = new short[2 * OpusPacket.MaximumSamples];
        byte[] shorter = [0xF0, 0xFF, 0xFE]; // 10 ms
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([], pcm, out _));
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([0xF8, 0x02, 0xFF, 0xFE], pcm, out _)); // one stream
        Assert.Equal(OpusDecodeResult.Corrupt, decoder.Decode([0xF8, 0x02, 0xFF, 0xFE, .. shorter], pcm, out _));
        Assert.Equal(OpusDecodeResult.TooLong, decoder.Decode([0xF8, 0x02, 0xFF, 0xFE, 0xF8, 0xFF, 0xFE], pcm.AsSpan(0, 1919), out _));
        Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode([0xF8, 0x02, 0xFF, 0xFE, 0xF8, 0xFF, 0xFE], pcm, out int samples));
        Assert.Equal(Frame, samples);
    }

    [Fact]
    public void What_is_lost_is_made_up_for_by_every_stream()
    {
        OpusLayout layout = Parse(1, 2, "02 00 00 01").Layout!;
        OpusCodecs codecs = OpusCodecs.Choose(OpusChoice.Auto);
        using MultistreamDecoder decoder = new(layout, 2, codecs);
        using IOpusDecoder left = codecs.CreateDecoder(1), right = codecs.CreateDecoder(1);
        using IOpusEncoder first = codecs.CreateEncoder(new OpusEncoderOptions()), second = codecs.CreateEncoder(new OpusEncoderOptions());
        short[] pcm = new short[4 * Frame], one = new short[OpusPacket.MaximumSamples];
        for (int frame = 0; frame < 5; frame++)
        {
            byte[] a = first.Encode(Tone(frame, 300, 1)).ToArray(), b = second.Encode(Tone(frame, 500, 1)).ToArray();
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode([.. Delimited(a), .. b], pcm, out _));
            left.Decode(a, one, out _);
            right.Decode(b, one, out _);
        }
        decoder.Conceal(pcm, 2 * Frame);
        left.Conceal(one, 2 * Frame);
        Assert.Equal(one[..(2 * Frame)], Channel(pcm, 0, 2));
        right.Conceal(one, 2 * Frame);
        Assert.Equal(one[..(2 * Frame)], Channel(pcm, 1, 2));
    }

    [Theory]
    [InlineData("5.1", 6, 1)]
    [InlineData("7.1", 8, 1)]
    [InlineData("3.0", 3, 255)]
    [InlineData("stereo", 2, 255)]
    public void File_of_ffmpeg_sounds_as_ffmpeg_plays_it(string layout, int channels, int family)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        using TempFolder folder = new();
        string file = folder.Combine("surround.opus"), played = folder.Combine("played.raw");
        string tones = string.Join('|', Enumerable.Range(1, channels).Select(channel => $"0.3*sin(2*PI*{channel * 170}*t)"));
        ExternalTool.Run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", $"aevalsrc={tones}:c={layout}:s=48000:d=2", "-c:a", "libopus",
            "-b:a", $"{channels * 96}k", "-mapping_family", $"{family}", file);
        ExternalTool.Run("ffmpeg", "-v", "error", "-c:a", "libopus", "-i", file, "-f", "s16le", played);
        byte[] bytes = File.ReadAllBytes(played);
        short[] all = [.. bytes.Chunk(2).Select(sample => BinaryPrimitives.ReadInt16LittleEndian(sample))];
        OggOpusReader reader = new(File.OpenRead(file));
        Assert.Equal((channels, channels == 2 ? 2 : 1), (reader.Head.Channels, reader.Head.Layout!.Outputs));
        using MultistreamDecoder decoder = new(reader.Head.Layout, reader.Head.Layout.Outputs, OpusCodecs.Choose(OpusChoice.Auto));
        List<short> heard = [];
        short[] pcm = new short[OpusPacket.MaximumSamples * 2];
        while (reader.TryRead(out OggOpusPacket packet))
        {
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(packet.Opus, pcm, out int samples));
            int kept = samples - packet.StartTrim - packet.EndTrim;
            heard.AddRange(pcm.AsSpan(packet.StartTrim * decoder.Channels, kept * decoder.Channels));
        }
        short[] expected = channels == 2 ? all : [.. all.Chunk(channels).Select(frame => (short)Math.Round(frame.Average(value => value)))];
        Assert.InRange(Signal.RatioDecibels(expected, [.. heard]), 60, double.PositiveInfinity);
    }

    private static OpusHead Parse(int family, int channels, string table)
    {
        byte[] head = [.. "OpusHead"u8, 1, (byte)channels, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0, 0, (byte)family,
            .. Convert.FromHexString(table.Replace(" ", "", StringComparison.Ordinal))];
        return OpusHead.Parse(head, 0);
    }

    /// <summary>A tone of its own in each decoded channel, by ten packets.</summary>
    /// <returns>What decoders of the streams alone give, by channel.</returns>
    private static short[][] Play(OpusChoice choice, OpusLayout layout, int channels, out short[] heard)
    {
        OpusCodecs codecs = OpusCodecs.Choose(choice);
        using MultistreamDecoder decoder = new(layout, channels, codecs);
        List<short>[] alone = [.. Enumerable.Range(0, layout.Decoded).Select(_ => new List<short>())];
        byte[][] packets = [.. Enumerable.Range(0, 10).Select(_ => Array.Empty<byte>())];
        for (int stream = 0, first = 0; stream < layout.Streams; stream++)
        {
            int count = stream < layout.CoupledStreams ? 2 : 1;
            using IOpusEncoder encoder = codecs.CreateEncoder(new OpusEncoderOptions { Channels = count, Bitrate = 96_000 });
            using IOpusDecoder reference = codecs.CreateDecoder(count);
            short[] pcm = new short[OpusPacket.MaximumSamples * count];
            for (int frame = 0; frame < packets.Length; frame++)
            {
                byte[] packet = encoder.Encode(Tone(frame, 300 + (first * 170), count)).ToArray();
                reference.Decode(packet, pcm, out int samples);
                for (int channel = 0; channel < count; channel++)
                    alone[first + channel].AddRange(Channel(pcm.AsSpan(0, samples * count), channel, count));
                packets[frame] = [.. packets[frame], .. stream == layout.Streams - 1 ? packet : Delimited(packet)];
            }
            first += count;
        }
        List<short> all = [];
        short[] mixed = new short[OpusPacket.MaximumSamples * channels];
        foreach (byte[] packet in packets)
        {
            Assert.Equal(OpusDecodeResult.Decoded, decoder.Decode(packet, mixed, out int samples));
            all.AddRange(mixed.AsSpan(0, samples * channels));
        }
        heard = [.. all];
        return [.. alone.Select(channel => channel.ToArray())];
    }

    private static byte[] Delimited(byte[] packet)
    {
        Assert.Equal(0, packet[0] & 3); // one frame
        int length = packet.Length - 1;
        byte[] told = length < 252 ? [(byte)length] : [(byte)(252 + (length & 3)), (byte)((length - 252 - (length & 3)) / 4)];
        return [packet[0], .. told, .. packet[1..]];
    }

    private static short[] Tone(int frame, int pitch, int channels)
    {
        short[] pcm = new short[Frame * channels];
        for (int i = 0; i < pcm.Length; i++)
        {
            int at = (frame * Frame) + (i / channels), mine = pitch + (i % channels * 85);
            pcm[i] = (short)(9000 * Math.Sin(2 * Math.PI * mine * at / 48_000));
        }
        return pcm;
    }

    private static short[] Channel(ReadOnlySpan<short> pcm, int channel, int channels)
    {
        short[] one = new short[pcm.Length / channels];
        for (int i = 0; i < one.Length; i++) one[i] = pcm[(i * channels) + channel];
        return one;
    }

    private static void AssertMean(short[][] channels, short[] heard)
    {
        for (int i = 0; i < heard.Length; i++)
            Assert.Equal(channels.Average(channel => channel[i]), heard[i], 0.51);
    }
}

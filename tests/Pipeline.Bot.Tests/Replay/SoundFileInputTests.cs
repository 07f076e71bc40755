using System.Runtime.InteropServices;
using Pipeline.Audio.Wav;
using Pipeline.Bot.Replay;

namespace Pipeline.Bot.Tests.Replay;

public sealed class SoundFileInputTests
{
    [Theory]
    [InlineData(1, 4800)]
    [InlineData(1, 10_001)]
    [InlineData(2, 9600)]
    [InlineData(2, 10_001)]
    public void File_comes_in_stretches_of_a_tenth_of_a_second_without_a_gap(int channels, int samples)
    {
        short[] pcm = [.. Enumerable.Range(0, samples * channels).Select(value => (short)value)];
        byte[] file = new byte[WavFormat.HeaderSize + (pcm.Length * 2)];
        new WavFormat(channels, 48_000).WriteHeader(file, pcm.Length * 2L);
        MemoryMarshal.AsBytes(pcm.AsSpan()).CopyTo(file.AsSpan(WavFormat.HeaderSize));
        MemoryStream stream = new(file);
        List<short> heard = [];
        using (SoundFileInput input = new(stream))
        {
            Assert.Equal(channels, input.Channels);
            while (input.TryRead(out PcmStretch stretch))
            {
                Assert.Equal((heard.Count / channels, 0L), (stretch.Position, stretch.Missing));
                Assert.InRange(stretch.Pcm.Length, channels, 4800 * channels);
                heard.AddRange(stretch.Pcm.ToArray());
            }
            Assert.False(input.TryRead(out _));
        }
        Assert.Equal(pcm, heard);
        Assert.False(stream.CanRead); // it is closed with its input
    }
}

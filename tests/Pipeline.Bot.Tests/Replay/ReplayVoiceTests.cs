using Pipeline.Audio.Opus;
using Pipeline.Bot.Replay;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Replay;

public sealed class ReplayVoiceTests : IDisposable
{
    private const int Second = 48_000;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(4, 0)] // 2 s within the speech
    [InlineData(4, 80)] // over a minute: a sender that leaps over 3,000 numbers would be taken for another
    [InlineData(2, 0)] // at its start
    public void Lost_stretch_is_left_out_of_numbers_and_time_alike(int page, int moreSeconds)
    {
        byte[] file = OggBytes.WithoutPages(OggBytes.WithLeap(OggBytes.Ada, page + 1, moreSeconds * Second), page, 2);
        List<ReplayFrame> frames = Send(file, out long length);
        (int Numbers, uint Samples)[] steps = [.. frames.Zip(frames.Skip(1), (a, b) =>
            ((ushort)(b.SequenceNumber - a.SequenceNumber), b.Timestamp - a.Timestamp))];
        Assert.All(steps, step => Assert.InRange(step.Numbers, 1, 1251));
        Assert.All(steps, step => Assert.InRange(step.Numbers * 960L - step.Samples, 0, 960));
        Assert.Equal(moreSeconds + 2, steps.Where(step => step.Numbers > 1).Sum(step => step.Numbers) / 50.0, 0.1);
        Assert.Equal(length + (5 * 960), (long)(frames[^1].Timestamp - frames[0].Timestamp) + 960, 1400d); // what stops a talk follows it
    }

    [Theory]
    [InlineData(120)]
    [InlineData(240)]
    [InlineData(960)]
    public void Lost_stretch_between_packets_of_any_length_takes_no_step_that_means_another_sender(int samples)
    {
        byte[] file = OggBytes.WithoutPages(OggBytes.WithLeap(OggBytes.Tone(samples, 6), 5, 20 * Second), 4, 1);
        List<ReplayFrame> frames = Send(file, out long length);
        long lost = 0;
        foreach ((ReplayFrame before, ReplayFrame next) in frames.Zip(frames.Skip(1)))
        {
            Assert.True(OpusPacket.TryGetDuration(before.Buffer.AsSpan(0, before.Length), out int held));
            int numbers = (ushort)(next.SequenceNumber - before.SequenceNumber);
            Assert.InRange(numbers, 1, 1251);
            Assert.InRange(next.Timestamp - before.Timestamp - (numbers * held), 0, 960);
            lost += (numbers - 1) * held;
        }
        Assert.Equal((20 * Second) + (100 * samples), lost, 4 * 960d); // but for the frames of silence that bound it
        Assert.Equal(length + (5 * 960), (long)(frames[^1].Timestamp - frames[0].Timestamp) + 960, 1400d);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-256)] // encoded again
    public void Voice_whose_start_is_lost_begins_with_what_is_missing(int gain)
    {
        byte[] file = OggBytes.WithoutPages(OggBytes.WithHeader(OggBytes.Ada, 312, gain), first: 2, count: 1);
        List<ReplayFrame> frames = Send(file, out _);
        Assert.Equal(TimeSpan.Zero, frames[0].ArrivesAt);
        Assert.Equal(49, (ushort)(frames[1].SequenceNumber - frames[0].SequenceNumber), 1d);
        Assert.Equal(Second, frames[1].Timestamp - frames[0].Timestamp, 312d);
    }

    [Fact]
    public void Voices_of_different_files_keep_their_distance()
    {
        string opus = Save("a.opus", OggBytes.Ada), skipping = Save("b.opus", OggBytes.WithHeader(OggBytes.Ada, preSkip: 700, gain: 0));
        ReplayOptions options = new()
        {
            Speakers = [new ReplaySpeaker(1, "A", opus, TimeSpan.Zero), new ReplaySpeaker(2, "B", skipping, TimeSpan.FromSeconds(1))],
        };
        ReplayInput input = ReplayInput.Read(options, OpusCodecs.Choose(OpusChoice.Auto));
        using ReplayVoice first = new(options.Speakers[0], input, options, 1), second = new(options.Speakers[1], input, options, 1);
        Assert.Equal(312, input.LeadIn);
        Assert.Equal(TimeSpan.Zero, first.NextAt);
        Assert.Equal((Second - 700 + 312) / 48.0, second.NextAt!.Value.TotalMilliseconds, 0.001);
    }

    private List<ReplayFrame> Send(byte[] file, out long length)
    {
        ReplayOptions options = new() { Speakers = [new ReplaySpeaker(1, "Ada", Save("ada.opus", file), TimeSpan.Zero)] };
        ReplayInput input = ReplayInput.Read(options, OpusCodecs.Choose(OpusChoice.Auto));
        using ReplayVoice voice = new(options.Speakers[0], input, options, 1);
        List<ReplayFrame> frames = [];
        while (voice.NextAt is not null)
        {
            Assert.True(frames.Count < 100_000, "half an hour of frames, and the voice does not come to its end");
            frames.Add(voice.Send(skip: false)!.Value);
        }
        length = input.FileOf(options.Speakers[0]).Length;
        return frames;
    }

    private string Save(string name, byte[] content)
    {
        File.WriteAllBytes(folder.Combine(name), content);
        return folder.Combine(name);
    }
}

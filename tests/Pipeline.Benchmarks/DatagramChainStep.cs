using Microsoft.Extensions.Time.Testing;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>One of the things that <see cref="DatagramChain"/> compares, slice by slice, with its state kept in between.</summary>
internal abstract class DatagramChainStep : IDisposable
{
    private readonly List<double> nanoseconds = [];
    private readonly List<double> bytes = [];

    public IReadOnlyList<double> NanosecondsPerSlice => nanoseconds;

    public IReadOnlyList<double> BytesPerSlice => bytes;

    public int PacketsPerSlice { get; private set; }

    public void Run(int first, int count)
    {
        PacketsPerSlice = count;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long before = KernelClock.ThreadNanoseconds();
        Take(first, count);
        nanoseconds.Add(KernelClock.ThreadNanoseconds() - before);
        bytes.Add(GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    public abstract void Dispose();

    protected abstract void Take(int first, int count);

    /// <summary>libopus and nothing else.</summary>
    public sealed class Alone(DatagramSpeech speech) : DatagramChainStep
    {
        private readonly ReferenceDecoder[] decoders = [.. Enumerable.Range(0, speech.Speakers)
            .Select(_ => new ReferenceDecoder(channels: 2))];
        private readonly short[] pcm = new short[OpusPacket.MaximumSamples * 2];

        public override void Dispose() => Array.ForEach(decoders, decoder => decoder.Dispose());

        protected override void Take(int first, int count)
        {
            for (int i = first; i < first + count; i++) decoders[i % speech.Speakers].Decode(speech.Frames[i], pcm);
        }
    }

    /// <summary>The media path and a recording, ticked every 60 ms of virtual time.</summary>
    public sealed class Chain : DatagramChainStep
    {
        private const int FramesPerTick = 3;

        private readonly FakeTimeProvider time = new();
        private readonly TempFolder folder = new();
        private readonly DatagramSpeech speech;
        private readonly Recording recording;
        private readonly MediaPath path;

        public Chain(DatagramSpeech speech, TransportKey transportKey, DaveFeed? endToEnd = null, SegmentFormat format = SegmentFormat.Wav)
        {
            this.speech = speech;
            recording = DatagramRecording.Start(folder.Path, time, new CaptureOptions { Format = format });
            path = new MediaPath(recording.Frames, time);
            path.Apply(new MediaSnapshot(1, transportKey, DatagramSpeech.Users(speech.Speakers),
                endToEnd?.Snapshot(1, time.GetTimestamp())));
        }

        public long Lost => path.Health(0).Drops.Values.Sum() + recording.Frames.Dropped;

        public override void Dispose()
        {
            path.Dispose();
            recording.Dispose();
            folder.Dispose();
        }

        protected override void Take(int first, int count)
        {
            for (int i = first; i < first + count; i++)
            {
                path.Receive(speech.Datagrams[i], time.GetTimestamp());
                if ((i + 1) % speech.Speakers != 0) continue;
                time.Advance(TimeSpan.FromMilliseconds(20));
                if ((i + 1) / speech.Speakers % FramesPerTick == 0) recording.Tick();
            }
        }
    }
}

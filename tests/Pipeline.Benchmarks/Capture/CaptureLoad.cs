using Microsoft.Extensions.Time.Testing;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks.Capture;

/// <summary>
/// Speakers who talk without pause into a real <see cref="Recording"/> with files on disk, ticked every 60 ms of a clock
/// that we turn: reorder, place, decode, write.
/// </summary>
internal sealed class CaptureLoad : IDisposable
{
    private const int FramesPerTick = 3;

    private readonly TempFolder spool = new();
    private readonly FakeTimeProvider time = new();
    private readonly byte[][] packets;
    private readonly int speakers;
    private readonly List<ClosedSegment> closed = [];
    private long frame;

    public CaptureLoad(byte[][] packets, int speakers, int segmentSeconds = 10, OpusChoice opus = OpusChoice.Libopus)
    {
        (this.packets, this.speakers) = (packets, speakers);
        Recording = DatagramRecording.Start(spool.Path, time,
            new CaptureOptions { Opus = opus, MaximumSegmentDuration = TimeSpan.FromSeconds(segmentSeconds) });
        Recording.SegmentClosed = closed.Add;
    }

    public Recording Recording { get; }

    /// <summary>Frames over all speakers so far.</summary>
    public long Frames => frame * speakers;

    /// <param name="count">Frames per speaker, a multiple of three.</param>
    public void Run(int count)
    {
        for (int i = 0; i < count; i += FramesPerTick)
        {
            for (int k = 0; k < FramesPerTick; k++) Send();
            Recording.Tick();
        }
    }

    /// <summary>Stands for the uploader, whose cost is not the capture's.</summary>
    /// <returns>Segments closed since the last call.</returns>
    public int TakeAway()
    {
        int count = closed.Count;
        foreach (ClosedSegment segment in closed)
        {
            File.Delete(segment.AudioPath);
            File.Delete(segment.SidecarPath);
        }
        closed.Clear();
        return count;
    }

    public void Dispose()
    {
        Recording.Dispose();
        spool.Dispose();
    }

    private void Send()
    {
        time.Advance(TimeSpan.FromMilliseconds(20));
        byte[] opus = packets[frame % packets.Length];
        for (uint speaker = 1; speaker <= speakers; speaker++)
        {
            Recording.Frames.TryWrite(new AudioFrame
            {
                Kind = AudioFrameKind.Opus,
                UserId = speaker,
                Ssrc = speaker,
                SequenceNumber = (ushort)frame,
                Timestamp = (uint)(frame * 960),
                ReceivedAt = time.GetTimestamp(),
                Opus = opus,
            });
        }
        frame++;
    }
}

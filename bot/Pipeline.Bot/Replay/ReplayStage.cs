using System.Buffers;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Replay;

/// <summary>
/// Lets the voices speak into a recording: merges their packets by arrival, moves the clock on tick by tick and ticks the recording,
/// at the wanted speed or as fast as the machine can. One thread.
/// </summary>
internal sealed class ReplayStage : IDisposable
{
    // After the last packet: the reorder window, the silence that closes a segment and its 2.5 s of patience.
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(1);

    private readonly PriorityQueue<ReplayFrame, TimeSpan> network = new();
    private readonly List<ReplayVoice> voices;
    private readonly ActiveRecording host;
    private readonly ReplayClock clock;
    private readonly TimeSpan origin; // clock zero, since the start of the recording

    /// <param name="origin">Position of the recording at which the clock stood still at zero; packets before it were sent by an earlier
    /// run.</param>
    public ReplayStage(ActiveRecording host, ReplayClock clock, ReplayOptions options, TimeSpan origin)
    {
        (this.host, this.clock, this.origin) = (host, clock, origin);
        Dictionary<string,
            ReplayFile> files = options.Speakers.Select(speaker => speaker.File).Distinct()
            .ToDictionary(path => path, path => new ReplayFile(path));
        voices = [.. options.Speakers.Select(speaker => new ReplayVoice(speaker, files[speaker.File], options, host.Incarnation))];
        foreach (ReplaySpeaker speaker in options.Speakers) host.Recording.Introduce(speaker.UserId, speaker.Name, isBot: false);
        foreach (ReplayVoice voice in voices) SkipTo(voice, origin);
    }

    /// <summary>Since the start of the recording.</summary>
    public TimeSpan Position => origin + clock.Elapsed;

    public long Sent => voices.Sum(voice => voice.Sent);
    public long Lost => voices.Sum(voice => voice.Lost);
    public bool IsOver => network.Count == 0 && voices.TrueForAll(voice => voice.NextAt is null);

    /// <summary>One tick: everything that arrives until then goes to the recording.</summary>
    public void Step()
    {
        TimeSpan until = Position + ActiveRecording.TickInterval;
        foreach (ReplayVoice voice in voices) Speak(voice, until);
        while (network.TryPeek(out ReplayFrame frame, out TimeSpan arrivesAt) && arrivesAt <= until)
        {
            network.Dequeue();
            Deliver(frame);
        }
        clock.AdvanceTo(until - origin);
        host.Tick();
    }

    /// <summary>Silence at the end, so that the last packets leave the reorder windows.</summary>
    public void FadeOut()
    {
        TimeSpan end = Position + Afterwards;
        while (Position < end) Step();
    }

    public void Dispose()
    {
        foreach (ReplayVoice voice in voices) voice.Dispose();
    }

    private static void SkipTo(ReplayVoice voice, TimeSpan position)
    {
        while (voice.NextAt < position) voice.Send(skip: true);
    }

    private void Speak(ReplayVoice voice, TimeSpan until)
    {
        while (voice.NextAt < until)
        {
            if (voice.Send(skip: false) is { } frame) network.Enqueue(frame, frame.ArrivesAt);
        }
    }

    private void Deliver(in ReplayFrame frame)
    {
        AudioFrame audio = new()
        {
            Kind = AudioFrameKind.Opus,
            UserId = frame.UserId,
            Ssrc = frame.Ssrc,
            SequenceNumber = frame.SequenceNumber,
            Timestamp = frame.Timestamp,
            ReceivedAt = (frame.ArrivesAt - origin).Ticks,
            Opus = frame.Buffer.AsSpan(0, frame.Length),
        };
        // 60 ms of every voice fit many times; were it full, the recording would take it now, because nothing runs away from a replay.
        if (!host.Recording.Frames.TryWrite(in audio))
        {
            host.Tick();
            host.Recording.Frames.TryWrite(in audio);
        }
        ArrayPool<byte>.Shared.Return(frame.Buffer);
    }
}

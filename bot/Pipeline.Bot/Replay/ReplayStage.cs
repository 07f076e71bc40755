using System.Buffers;
using System.Diagnostics.CodeAnalysis;
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
    private readonly ReplayOptions options;
    private readonly TimeSpan longestPart;
    private ActiveRecording host;
    private ReplayClock clock;
    private TimeSpan zero; // of the clock, since the start of the call
    private TimeSpan partEnd;

    /// <param name="longestPart">A recording takes so much of the call at most.</param>
    public ReplayStage(ReplayInput input, ReplayOptions options, ReplayStart start, TimeSpan longestPart)
    {
        (this.options, this.longestPart) = (options, longestPart);
        voices = [.. options.Speakers.Select(speaker => new ReplayVoice(speaker, input, options, start.Host!.Incarnation))];
        Enter(start);
        foreach (ReplayVoice voice in voices) SkipTo(voice, zero); // those were sent by an earlier run
    }

    /// <summary>Since the start of the call.</summary>
    public TimeSpan Position => zero + clock.Elapsed;

    /// <summary>The present recording takes no more: the call goes on in the next.</summary>
    public bool IsPartOver => Position >= partEnd;

    public long Sent => voices.Sum(voice => voice.Sent);
    public long Lost => voices.Sum(voice => voice.Lost);
    public bool IsOver => network.Count == 0 && voices.TrueForAll(voice => voice.NextAt is null);

    /// <summary>From here on they speak into this recording.</summary>
    [MemberNotNull(nameof(host), nameof(clock))]
    public void Enter(ReplayStart start)
    {
        (host, clock, zero, partEnd) = (start.Host!, start.Clock, start.From + start.Origin, start.From + longestPart);
        foreach (ReplaySpeaker speaker in options.Speakers) host.Recording.Introduce(speaker.UserId, speaker.Name, isBot: false);
    }

    /// <summary>One tick: everything that arrives until then goes to the recording.</summary>
    public void Step()
    {
        TimeSpan until = Position + ActiveRecording.TickInterval;
        if (Position < partEnd && until > partEnd) until = partEnd;
        foreach (ReplayVoice voice in voices) Speak(voice, until);
        while (network.TryPeek(out ReplayFrame frame, out TimeSpan arrivesAt) && arrivesAt <= until)
        {
            network.Dequeue();
            Deliver(frame);
        }
        clock.AdvanceTo(until - zero);
        host.Tick();
    }

    /// <summary>Silence at the end, so that the last packets leave the reorder windows.</summary>
    public void FadeOut()
    {
        TimeSpan end = Position + Afterwards;
        while (Position < end && !IsPartOver) Step();
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
            ReceivedAt = (frame.ArrivesAt - zero).Ticks,
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

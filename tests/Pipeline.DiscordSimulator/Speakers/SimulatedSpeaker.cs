using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Speakers;

/// <summary>
/// A member of a call that talks from Opus packets in real time by the simulator's clock, with an RTP clock of its own.
/// </summary>
public sealed class SimulatedSpeaker
{
    private readonly SimulatedWorld world;
    private readonly ScriptedMember stream;
    private readonly SpeakerOptions options;
    private readonly Random random;
    private readonly Queue<Speech> waiting = new();
    private readonly List<Utterance> utterances = [];
    private Speech? current;
    private ushort sequence;
    private uint timestamp;
    private long spurtEnd;
    private bool isFirstOfStream = true;

    internal SimulatedSpeaker(SimulatedWorld world, SimulatedMember member, SpeakerOptions options)
    {
        this.world = world;
        this.options = options;
        Member = member;
        random = new Random(unchecked(world.Options.Seed * 31 + (int)(member.Id >> 22)));
        stream = world.Voice.Scripted(member);
        stream.Conditions = options.Conditions;
        stream.Reconnected = NewStream;
        NewStream();
    }

    private sealed class Speech(OpusClip clip)
    {
        public OpusClip Clip { get; } = clip;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long StartedAt { get; set; }

        public long SamplesPassed { get; set; }

        public int Next { get; set; }

        public int Sent { get; set; }
    }

    /// <summary>Who talks.</summary>
    public SimulatedMember Member { get; }

    /// <summary>Account id.</summary>
    public ulong UserId => Member.Id;

    /// <summary>The stream's SSRC; another one after every rejoin.</summary>
    public uint Ssrc => stream.Ssrc;

    /// <summary>What the speaker says when somebody else decides when.</summary>
    public OpusClip? Script { get; set; }

    /// <summary>What was said, oldest first; the running utterance is not in it.</summary>
    public IReadOnlyList<Utterance> Utterances => world.Loop.Run(() => utterances.ToArray());

    /// <summary>True while packets go out.</summary>
    public bool IsTalking => world.Loop.Run(() => current is not null);

    /// <summary>Conditions of this speaker's packets; null takes the simulator's.</summary>
    public MediaConditions? Conditions
    {
        get => stream.Conditions;
        set => world.Loop.Run(() => stream.Conditions = value);
    }

    /// <summary>
    /// Turns a frame into what goes into RTP, on the event loop: the place for end-to-end encryption. Silence frames pass unchanged.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? Sealer { get; set; }

    /// <summary>Says a clip after what is being said already.</summary>
    /// <returns>Completes when its last packet, silence included, left the client.</returns>
    public Task SayAsync(OpusClip clip)
    {
        Speech speech = new(clip);
        world.Loop.Run(() =>
        {
            waiting.Enqueue(speech);
            if (current is null)
                Begin();
        });
        return speech.Done.Task;
    }

    /// <summary>Stops at once; what was left unsaid is dropped. The silence at the end is sent.</summary>
    public void BeQuiet() => world.Loop.Run(() =>
    {
        while (waiting.TryDequeue(out Speech? dropped))
            dropped.Done.TrySetResult();
        if (current is { } speech)
            speech.Next = Math.Max(speech.Next, speech.Clip.Frames.Count);
    });

    /// <summary>Enters a channel, or moves.</summary>
    public void Join(SimulatedChannel channel) => Member.Guild.Join(Member, channel);

    /// <summary>Leaves the call; the next join has another SSRC.</summary>
    public void Leave() => Member.Guild.Leave(Member);

    /// <summary>Mutes or unmutes oneself: the client sends no packets while muted.</summary>
    public void SelfMute(bool mute = true) =>
        world.Loop.Run(() => world.Voice.Change(Member, state => state with { SelfMute = mute }));

    /// <summary>The client reconnects inside the call: another SSRC, announced again.</summary>
    public void ChangeSsrc() => world.Loop.Run(stream.Reconnect);

    private void NewStream()
    {
        sequence = options.FirstSequence ?? (ushort)random.Next(65536);
        timestamp = options.FirstTimestamp ?? (uint)random.NextInt64(1L << 32);
        isFirstOfStream = true;
    }

    private void Begin()
    {
        current = waiting.Dequeue();
        long now = world.Options.Time.GetTimestamp();
        current.StartedAt = Math.Max(now, spurtEnd);
        if (!isFirstOfStream && options.TimestampRunsInSilence)
            timestamp += (uint)(TimeBetween(spurtEnd, current.StartedAt).TotalSeconds * 48000);
        world.Loop.ScheduleAt(current.StartedAt, Next);
    }

    private void Next()
    {
        Speech speech = current!;
        int frames = speech.Clip.Frames.Count;
        bool isSilence = speech.Next >= frames;
        if (speech.Next >= frames + options.SilenceFrames)
        {
            Finish(speech);
            return;
        }

        OpusFrame frame = isSilence ? new OpusFrame(MediaPacket.SilenceFrame, 960) : speech.Clip.Frames[speech.Next];
        if (stream.Call is not null && !IsSelfMuted() && !(options.SkipDtxFrames && frame.Payload.Length <= 2))
            Send(speech, frame, isSilence);
        timestamp += (uint)frame.Samples;
        speech.Next++;
        speech.SamplesPassed += frame.Samples;
        double seconds = speech.SamplesPassed / 48000.0 / (1 + options.ClockErrorPpm / 1e6);
        spurtEnd = speech.StartedAt + world.Loop.ToTicks(TimeSpan.FromSeconds(seconds));
        world.Loop.ScheduleAt(spurtEnd, Next);
    }

    private void Send(Speech speech, OpusFrame frame, bool isSilence)
    {
        if (isFirstOfStream)
            Announce();
        stream.Send(new MediaPacket
        {
            Ssrc = stream.Ssrc,
            Sequence = sequence++,
            Timestamp = timestamp,
            Marker = speech.Sent == 0,
            Payload = isSilence || Sealer is null ? frame.Payload : Sealer(frame.Payload),
            SpokenAt = world.Loop.Elapsed,
        });
        speech.Sent++;
        isFirstOfStream = false;
    }

    private void Announce()
    {
        if (options.AnnounceDelay == TimeSpan.Zero)
            stream.Announce();
        else if (options.AnnounceDelay > TimeSpan.Zero)
            world.Loop.Schedule(options.AnnounceDelay, stream.Announce);
    }

    private void Finish(Speech speech)
    {
        utterances.Add(new Utterance(speech.Clip, TimeBetween(world.Loop.StartedAt, speech.StartedAt), speech.Sent));
        current = null;
        speech.Done.TrySetResult();
        if (waiting.Count > 0)
            Begin();
    }

    private bool IsSelfMuted() => Member.Guild.VoiceStateOf(Member.Id)?.SelfMute ?? true;

    private TimeSpan TimeBetween(long from, long until) => world.Options.Time.GetElapsedTime(from, until);
}

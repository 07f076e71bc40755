using Pipeline.Audio.Loudness;
using Pipeline.Audio.Mix;
using Pipeline.Audio.Ogg;

namespace Pipeline.RecordingApi.Render;

/// <summary>The samples of one window: of each track, and of the mix that is made of them. Holds one track at a time.</summary>
internal sealed class WindowSound(SegmentPcm reader, RenderPlan plan, int window)
{
    private const double TrackTarget = -18; // LUFS: several people at once are louder
    private const double MixTarget = -16;
    private const double GreatestMasterGain = 6; // dB: the tracks are levelled already

    private readonly long start = RenderWindows.Start(window);
    private readonly List<JoinedSegment> files = [];
    private short[] buffer = [];

    /// <summary>Samples before the window that are read too; none before the start of the recording.</summary>
    public int PreRoll { get; } = window == 0 ? 0 : RenderWindows.PreRoll;

    public int Samples { get; } = plan.WindowSamples(window);

    /// <summary>Tracks with sound in the window.</summary>
    public IEnumerable<RenderTrack> Tracks => plan.Tracks.Where(track => track.Between(start, start + Samples).Any());

    /// <summary>Tracks with sound in the window or shortly before it: the mix is made of them.</summary>
    public IEnumerable<RenderTrack> TracksNearby => plan.Tracks.Where(track => track.Between(start - PreRoll, start + Samples).Any());

    /// <summary>The Opus segments of the track that was read last, those before the window among them.</summary>
    public IReadOnlyList<JoinedSegment> Files => files;

    /// <returns><c>[PreRoll + Samples, channels]</c>, valid until the next call, and segments that could not be read.</returns>
    public async Task<(ReadOnlyMemory<short> Pcm, IReadOnlyList<int> Unreadable)> ReadAsync(RenderTrack track,
        CancellationToken cancellation)
    {
        int length = (PreRoll + Samples) * track.Channels;
        if (buffer.Length < length) buffer = GC.AllocateUninitializedArray<short>(length); // the reader clears it
        files.Clear();
        IReadOnlyList<int> unreadable = await reader.ReadAsync(track, start - PreRoll, PreRoll + Samples, buffer, cancellation, files);
        return (buffer.AsMemory(0, length), unreadable);
    }

    public MixWindow NewMix() => new(PreRoll + Samples, PreRoll);

    /// <summary>Adds a track to the mix.</summary>
    /// <param name="frozen">The gains of this window, when it was made before; they stay.</param>
    /// <returns>How loud the track was up to here, and its gain.</returns>
    public MixLevel Add(MixWindow mix, RenderTrack track, ReadOnlySpan<short> pcm, MixLevels before, MixLevels? frozen)
    {
        MixLevel previous = before.Tracks.GetValueOrDefault(track.UserId, MixLevel.Unity);
        MixLevel level = previous;
        if (frozen is not null && frozen.Tracks.TryGetValue(track.UserId, out MixLevel kept)) level = kept;
        else
        {
            LoudnessMeter meter = new(track.Channels);
            meter.Add(pcm[(PreRoll * track.Channels)..]);
            // A mono track is heard from both sides, twice as loud.
            level = previous.With(track.Channels == 1 ? [.. meter.Energies.Select(energy => 2 * energy)] : meter.Energies, TrackTarget);
        }
        // Who speaks for the first time does not come from a gain of 1.
        mix.Add(pcm, track.Channels, previous.Blocks > 0 ? previous.Gain : level.Gain, level.Gain);
        return level;
    }

    /// <summary>Limits the mix.</summary>
    /// <returns>s16 <c>[PreRoll + Samples, 2]</c> and the level of the whole.</returns>
    public (short[] Pcm, MixLevel Master) Finish(MixWindow mix, MixLevels before, MixLevels? frozen)
    {
        MixLevel master;
        if (frozen is not null) master = frozen.Master;
        else
        {
            LoudnessMeter meter = new(2);
            meter.Add(mix.Sum[(PreRoll * 2)..]);
            master = before.Master.With(meter.Energies, MixTarget, GreatestMasterGain);
        }
        return (mix.Finish(before.Master.Blocks > 0 ? before.Master.Gain : master.Gain, master.Gain), master);
    }
}

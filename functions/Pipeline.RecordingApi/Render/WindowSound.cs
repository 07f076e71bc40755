using Pipeline.Audio.Loudness;
using Pipeline.Audio.Mix;
using Pipeline.Audio.Ogg;

namespace Pipeline.RecordingApi.Render;

/// <summary>The samples of one window: of each track, and of the mix that is made of them. Holds two tracks at a time.</summary>
internal sealed class WindowSound(SegmentPcm reader, RenderPlan plan, int window)
{
    private const double TrackTarget = -18; // LUFS: several people at once are louder
    private const double MixTarget = -16;
    private const double GreatestMasterGain = 6; // dB: the tracks are levelled already

    private readonly long start = RenderWindows.Start(window);
    private readonly short[][] buffers = [[], []];
    private int turn;

    /// <summary>Samples before the window that are read too; none before the start of the recording.</summary>
    public int PreRoll { get; } = window == 0 ? 0 : RenderWindows.PreRoll;

    public int Samples { get; } = plan.WindowSamples(window);

    /// <summary>Tracks with sound in the window or shortly before it: the mix is made of them.</summary>
    public IEnumerable<RenderTrack> TracksNearby => plan.Tracks.Where(track => track.Between(start - PreRoll, start + Samples).Any());

    /// <summary>Reads a track. While the next one is read, what is read stays: one is encoded meanwhile.</summary>
    public async Task<TrackSound> ReadAsync(RenderTrack track, CancellationToken cancellation)
    {
        int length = (PreRoll + Samples) * track.Channels;
        turn = 1 - turn;
        if (buffers[turn].Length < length) buffers[turn] = GC.AllocateUninitializedArray<short>(length); // the reader clears it
        short[] buffer = buffers[turn];
        List<JoinedSegment> files = [];
        IReadOnlyList<int> unreadable = await reader.ReadAsync(track, start - PreRoll, PreRoll + Samples, buffer, cancellation, files);
        return new TrackSound(buffer.AsMemory(0, length), files, unreadable);
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
        level = level.Behind(previous);
        mix.Add(pcm, track.Channels, level.From, level.Gain);
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
        master = master.Behind(before.Master);
        return (mix.Finish(master.From, master.Gain), master);
    }
}

/// <summary>What was read of one track.</summary>
/// <param name="Pcm"><c>[PreRoll + Samples, channels]</c>, valid until the track after the next one is read.</param>
/// <param name="Files">Its Opus segments, those before the window among them, by start.</param>
/// <param name="Unreadable">Segments that could not be read.</param>
internal readonly record struct TrackSound(ReadOnlyMemory<short> Pcm, IReadOnlyList<JoinedSegment> Files, IReadOnlyList<int> Unreadable);

namespace Pipeline.RecordingApi.Render;

/// <summary>Samples of a file that was asked for, window by window of its own. One reader at a time.</summary>
internal sealed class RequestedSound(SegmentPcm reader, RenderPlan plan, FileEntry entry, RenderedWindows rows)
{
    private short[] buffer = [];
    private (int Window, ReadOnlyMemory<short> Pcm) last = (-1, default);

    public Stretch Stretch { get; } = entry.Cut ?? new Stretch(0, plan.TotalSamples);

    public int Channels => entry.Track?.Channels ?? 2;

    /// <summary>Samples in front of a window that its encoder hears first; plain samples want none.</summary>
    public int PreRoll(int window) => window == 0 || entry.Format == RenderFormat.Wav ? 0 : RenderWindows.PreRoll;

    /// <returns><c>[PreRoll + samples, channels]</c>, valid until the next call.</returns>
    public async Task<ReadOnlyMemory<short>> ReadAsync(int window, CancellationToken cancellation)
    {
        long start = Stretch.Start(window) - PreRoll(window);
        int samples = PreRoll(window) + Stretch.WindowSamples(window);
        if (buffer.Length < samples * Channels) buffer = new short[samples * Channels];
        Memory<short> pcm = buffer.AsMemory(0, samples * Channels);
        if (entry.Track is { } track) await reader.ReadAsync(track, start, samples, pcm, cancellation);
        else await ReadMixAsync(start, pcm, cancellation);
        return pcm;
    }

    // A stretch of the mix is cut from the windows as they were mixed, so that its samples are those of the whole.
    private async Task ReadMixAsync(long start, Memory<short> pcm, CancellationToken cancellation)
    {
        long end = start + (pcm.Length / 2);
        for (int window = (int)(start / RenderWindows.Samples); RenderWindows.Start(window) < end; window++)
        {
            if (last.Window != window) last = (window, await MixAsync(window, cancellation));
            long origin = RenderWindows.Start(window), from = Math.Max(start, origin), to = Math.Min(end, origin + (last.Pcm.Length / 2));
            last.Pcm[(int)((from - origin) * 2)..(int)((to - origin) * 2)].CopyTo(pcm[(int)((from - start) * 2)..]);
        }
    }

    // With the gains that the window has.
    private async Task<ReadOnlyMemory<short>> MixAsync(int window, CancellationToken cancellation)
    {
        WindowSound sound = new(reader, plan, window);
        MixLevels before = rows.LevelsBefore(window);
        MixLevels? frozen = rows.Mix.GetValueOrDefault(window)?.Levels;
        Audio.Mix.MixWindow mix = sound.NewMix();
        foreach (RenderTrack track in sound.TracksNearby)
        {
            (ReadOnlyMemory<short> own, _) = await sound.ReadAsync(track, cancellation);
            sound.Add(mix, track, own.Span, before, frozen ?? before);
        }
        return sound.Finish(mix, before, frozen ?? before).Pcm.AsMemory(sound.PreRoll * 2);
    }
}

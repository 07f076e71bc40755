using Azure;
using Pipeline.Audio.Wav;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>Makes files that are only made when somebody asks: WAV, MP3 of a track, bundles.</summary>
internal sealed class RequestedFiles(RenderTable table, RendersContainer container, SegmentPcm reader, WindowEncoder encoder,
    WindowRender windows, RenderSettings settings)
{
    /// <summary>Goes on with a file until it is whole.</summary>
    /// <param name="file">Its key, as in <see cref="FileCatalogue"/>.</param>
    /// <returns>False: more is to be done.</returns>
    public async Task<bool> MakeAsync(RenderPlan plan, string file, Func<bool> isOver, CancellationToken cancellation)
    {
        if (!plan.IsFinal || FileCatalogue.Find(plan, settings.Options, file) is not { } entry) return true;
        if (entry.Kind == FileKind.Bundle)
            return await new BundleFile(table, container, settings.Time).MakeAsync(plan, entry, settings.Options, cancellation);
        if (entry.Kind is FileKind.Text || entry.IsAutomatic) return true;
        return await MakeSoundAsync(plan, entry, isOver, cancellation);
    }

    /// <summary>The small files that go with the tracks.</summary>
    public async Task WriteTextsAsync(RenderPlan plan, RenderedWindows rows, CancellationToken cancellation)
    {
        double? loudness = await LoudnessAsync(plan, cancellation);
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(plan.Recording, cancellation);
        foreach ((string key, byte[] text) in RecordingTexts.All(plan, rows, jobs, settings.Options, loudness))
        {
            (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, key, cancellation);
            RenderedPart part = RenderedPart.Of("", text);
            part = part with { Block = RenderedPart.BlockName("text", part.Sha256) };
            if (job is { IsReady: true } && job.Inputs == part.Sha256) continue;
            string name = $"{plan.Recording}/{key}";
            await container.StageAsync(name, part.Block, text, cancellation);
            await container.TryCommitAsync(name, [part.Block], RenderFormat.ContentType(Path.GetExtension(key).TrimStart('.')),
                cancellation);
            await table.TryWriteJobAsync(plan.Recording, key, RenderedFiles.Ready(part.Sha256, [part], settings.Time), version,
                cancellation);
        }
    }

    private async Task<bool> MakeSoundAsync(RenderPlan plan, FileEntry entry, Func<bool> isOver, CancellationToken cancellation)
    {
        (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, entry.Key, cancellation);
        RenderedWindows rows = await RenderedWindows.ReadAsync(table, plan, cancellation);
        string inputs = Inputs(plan, entry);
        if (job is { IsReady: true } && job.Inputs == inputs) return true;
        if (job is null || job.Inputs != inputs) job = new RenderJob { Inputs = inputs, PartCount = plan.WindowCount };
        string name = $"{plan.Recording}/{entry.Key}";
        List<RenderedPart> parts = [.. job.Parts];
        while (parts.Count < plan.WindowCount)
        {
            parts.Add(await StageWindowAsync(plan, entry, rows, parts.Count, inputs, name, cancellation));
            if (!isOver() || parts.Count == plan.WindowCount) continue;
            await table.TryWriteJobAsync(plan.Recording, entry.Key, job with { Parts = parts, ChangedAt = settings.Time.GetUtcNow() },
                version, cancellation);
            return false;
        }
        (byte[] head, byte[] tail) = await EndsAsync(plan, entry, parts, cancellation);
        foreach ((string place, byte[] bytes, int at) in new[] { ("header", head, 0), ("tail", tail, parts.Count + 1) })
        {
            if (bytes.Length == 0) continue;
            RenderedPart end = RenderedPart.Of("", bytes);
            end = end with { Block = RenderedPart.BlockName(place, end.Sha256) };
            await container.StageAsync(name, end.Block, bytes, cancellation);
            parts.Insert(Math.Min(at, parts.Count), end);
        }
        if (await container.TryCommitAsync(name, parts.Select(part => part.Block), RenderFormat.ContentType(entry.Format), cancellation))
        {
            await table.TryWriteJobAsync(plan.Recording, entry.Key, RenderedFiles.Ready(inputs, parts, settings.Time), version,
                cancellation);
            return true;
        }
        // Blocks that waited for over a week are gone: from the start.
        await table.TryWriteJobAsync(plan.Recording, entry.Key, new RenderJob { Inputs = inputs, PartCount = plan.WindowCount }, version,
            cancellation);
        return false;
    }

    private async Task<RenderedPart> StageWindowAsync(RenderPlan plan, FileEntry entry, RenderedWindows rows, int window, string inputs,
        string name, CancellationToken cancellation)
    {
        WindowSound sound = new(reader, plan, window);
        (ReadOnlyMemory<short> pcm, int channels) = entry.Track is { } track
            ? ((await sound.ReadAsync(track, cancellation)).Pcm, track.Channels)
            : (await MixAsync(sound, rows, window, cancellation), 2);
        long? total = plan.IsLast(window) ? plan.TotalSamples : null;
        (ReadOnlyMemory<byte> bytes, int frames) = encoder.Encode(entry.Format, pcm.Span, channels, sound.PreRoll,
            RenderWindows.Start(window), total, WindowEncoder.Serial(name));
        string block = RenderedPart.BlockName($"{window}", inputs);
        await container.StageAsync(name, block, bytes, cancellation);
        return RenderedPart.Of(block, bytes.Span, frames);
    }

    // The mix as it was rendered: with the gains that its window has.
    private static async Task<ReadOnlyMemory<short>> MixAsync(WindowSound sound, RenderedWindows rows, int window,
        CancellationToken cancellation)
    {
        MixLevels before = rows.LevelsBefore(window);
        MixLevels? frozen = rows.Mix.GetValueOrDefault(window)?.Levels;
        Audio.Mix.MixWindow mix = sound.NewMix();
        foreach (RenderTrack track in sound.TracksNearby)
        {
            (ReadOnlyMemory<short> pcm, _) = await sound.ReadAsync(track, cancellation);
            sound.Add(mix, track, pcm.Span, before, frozen ?? before);
        }
        return sound.Finish(mix, before, frozen ?? before).Pcm;
    }

    private async Task<(byte[] Head, byte[] Tail)> EndsAsync(RenderPlan plan, FileEntry entry, List<RenderedPart> parts,
        CancellationToken cancellation)
    {
        int channels = entry.Track?.Channels ?? 2;
        if (entry.Format != RenderFormat.Wav)
        {
            List<(long, long,
                int)> lengths = [.. parts.Select((part, window) => (part.Length, (long)plan.WindowSamples(window), part.Frames))];
            return (encoder.Header(entry.Format, channels, plan.TotalSamples, WindowEncoder.Serial(entry.Key), lengths,
                RenderedFiles.Tags(plan, entry.Track)), []);
        }
        double? loudness = entry.Track is null ? await LoudnessAsync(plan, cancellation) : null;
        RecordingDetails details = plan.Details;
        string description = $"{details.Title ?? details.GuildName ?? "Recording"}: {entry.Track?.Username ?? "mix"}";
        return BroadcastWave.Describe(channels, plan.TotalSamples, details.RecordedAt, FileNames.Ascii(description, 256),
            FileNames.Ascii(details.Id.Replace("-", "", StringComparison.Ordinal), 32), loudness,
            [.. details.Notes.Select(note => (note.Sample, note.Text))]);
    }

    private string Inputs(RenderPlan plan, FileEntry entry)
    {
        using InputHash hash = new();
        hash.Add(RenderWindows.EncoderVersion, entry.Key, plan.TotalSamples);
        for (int window = 0; window < plan.WindowCount; window++)
            hash.Add(entry.Track is { } track ? windows.Inputs(plan, track, window) : windows.MixInputs(plan, window));
        return hash.Finish();
    }

    private async Task<double?> LoudnessAsync(RenderPlan plan, CancellationToken cancellation)
    {
        List<double> energies = [];
        foreach (RenderRow row in (await table.ReadWindowsAsync(plan.Recording, RenderTable.Mix, withSound: true, cancellation)).Values)
        {
            foreach (float energy in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(row.Energies)) energies.Add(energy);
        }
        return Audio.Loudness.IntegratedLoudness.Of(energies);
    }
}

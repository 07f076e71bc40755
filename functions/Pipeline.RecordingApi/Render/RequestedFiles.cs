using Azure;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Makes sound that is only made when somebody asks: WAV, MP3 of a track, stretches, and what there is of a recording that runs.
/// </summary>
internal sealed class RequestedFiles(RenderTable table, RendersContainer container, SegmentPcm reader, WindowEncoder encoder,
    WindowRender windows, RenderedFiles files, RenderSettings settings)
{
    /// <summary>How long a file is kept that can be made again.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>The file is made of windows that have to be rendered first.</summary>
    public async Task<bool> NeedsWindowsAsync(RenderPlan plan, string file, CancellationToken cancellation)
    {
        if (FileCatalogue.Find(plan, settings.Options, file) is not { } entry) return false;
        if (entry.Grows && !plan.IsFinal) return true;
        if (entry.Kind != FileKind.Mix) return false;
        // Of the mix nothing but the gains of these windows.
        int[] touched = [.. (entry.Cut ?? new Stretch(0, plan.TotalSamples)).Touched];
        SortedDictionary<int, RenderRow> rows = await table.ReadWindowsAsync(plan.Recording, RenderTable.Mix, withSound: false,
            cancellation, touched[0], touched[^1]);
        return touched.Any(window => windows.MixInputs(plan, window) is { } inputs && rows.GetValueOrDefault(window)?.Inputs != inputs);
    }

    /// <summary>Goes on with a file until it is whole.</summary>
    /// <param name="file">Its key, as in <see cref="FileCatalogue"/>.</param>
    /// <returns>False: more is to be done.</returns>
    public async Task<bool> MakeAsync(RenderPlan plan, string file, Func<bool> isOver, CancellationToken cancellation)
    {
        if (FileCatalogue.Find(plan, settings.Options, file) is not { } entry) return true;
        if (!plan.IsFinal && entry.Cut is null) return !entry.Grows || await GrowAsync(plan, entry, cancellation);
        return !entry.IsSound || entry.IsAutomatic || await MakeSoundAsync(plan, entry, isOver, cancellation);
    }

    /// <summary>Makes a file of a recording that runs, of the windows that are over and rendered.</summary>
    private async Task<bool> GrowAsync(RenderPlan plan, FileEntry entry, CancellationToken cancellation)
    {
        RenderedWindows rows = await RenderedWindows.ReadAsync(table, plan, cancellation);
        SortedDictionary<int, RenderRow> own = entry.Track is { } track ? rows.Of(track) : rows.Mix;
        int count = Enumerable.Range(0, plan.WindowCount).TakeWhile(window => Wanted(plan, entry, window) is not { } inputs
            || (own.GetValueOrDefault(window) is { IsHeld: false } row && row.Inputs == inputs)).Count();
        // A block of two windows goes into the file whole.
        if (count > 0 && RenderWindows.BeginsPair(count - 1) && own.GetValueOrDefault(count - 1) is { IsPaired: true }) count--;
        if (count == 0) return true;
        RenderPlan sofar = plan with { WindowCount = count, TotalSamples = RenderWindows.Start(count) };
        return await files.TryCommitAsync(sofar, entry.Track, entry.Format, own, cancellation);
    }

    private async Task<bool> MakeSoundAsync(RenderPlan plan, FileEntry entry, Func<bool> isOver, CancellationToken cancellation)
    {
        (RenderJob? known, ETag version) = await table.FindJobAsync(plan.Recording, entry.Key, cancellation);
        // A track has no gains, and the mix those of its own windows.
        RequestedSound sound = new(reader, plan, entry, entry.Track is null
            ? await RenderedWindows.ReadAsync(table, plan with { Tracks = [] }, cancellation) : null);
        string inputs = Inputs(plan, entry, sound);
        string? wanted = plan.VersionOf(entry);
        if (known is { IsReady: true } && known.Inputs == inputs)
        {
            return known.MadeFor == wanted || await table.TryWriteJobAsync(plan.Recording, entry.Key, known with { MadeFor = wanted },
                version, cancellation) is not null;
        }
        int count = sound.Stretch.WindowCount;
        RenderJob job = known is not null && known.Inputs == inputs ? known : new RenderJob { Inputs = inputs, PartCount = count };
        string name = $"{plan.Recording}/{entry.Key}";
        List<RenderedPart> parts = [.. job.Parts];
        while (parts.Count < count)
        {
            parts.Add(await StageWindowAsync(entry, sound, parts.Count, name, cancellation));
            if (!isOver() || parts.Count == count) continue;
            await table.TryWriteJobAsync(plan.Recording, entry.Key, job with { Parts = parts, ChangedAt = settings.Time.GetUtcNow() },
                version, cancellation);
            return false;
        }
        await StageEndsAsync(plan, entry, sound, parts, name, cancellation);
        StagedBlocks present = await container.BlocksAsync(name, cancellation);
        if (parts.Any(part => !present.Contains(part.Block, part.Length)))
        {
            // Blocks that waited for over a week are gone, and an older version gave its blocks names that did not say what they hold:
            // from the start.
            await table.TryWriteJobAsync(plan.Recording, entry.Key, new RenderJob { Inputs = inputs, PartCount = count }, version,
                cancellation);
            return false;
        }
        RenderJob ready = RenderedFiles.Ready(inputs, parts, settings.Time) with
        {
            Samples = sound.Stretch.Length,
            MadeFor = wanted,
        };
        if (entry.Passes) await table.ScheduleAsync(plan.Recording, entry.Key, ready.ChangedAt + Kept, cancellation);
        return await RenderedFiles.TryPutAsync(table, container, (plan.Recording, entry.Key), (known, version), ready, present,
            cancellation);
    }

    private async Task<RenderedPart> StageWindowAsync(FileEntry entry, RequestedSound sound, int window, string name,
        CancellationToken cancellation)
    {
        ReadOnlyMemory<short> pcm = await sound.ReadAsync(window, cancellation);
        long? total = window == sound.Stretch.WindowCount - 1 ? sound.Stretch.Length : null;
        (ReadOnlyMemory<byte> bytes, int frames) = encoder.Encode(entry.Format, pcm.Span, sound.Channels, sound.PreRoll(window),
            RenderWindows.Start(window), total, WindowEncoder.Serial(name));
        // Named by its bytes: of two that make it, one cannot put others in the place of those that the other one speaks of.
        RenderedPart part = RenderedPart.Of("", bytes.Span, frames);
        part = part with { Block = RenderedPart.BlockName($"{window}", part.Sha256) };
        await container.StageAsync(name, part.Block, bytes, cancellation);
        return part;
    }

    private async Task StageEndsAsync(RenderPlan plan, FileEntry entry, RequestedSound sound, List<RenderedPart> parts, string name,
        CancellationToken cancellation)
    {
        (byte[] head, byte[] tail) = entry.Format == RenderFormat.Wav ? await WavEndsAsync(plan, entry, sound, cancellation)
            : (Header(plan, entry, sound, parts, name), []);
        foreach ((string place, byte[] bytes, int at) in new[] { ("header", head, 0), ("tail", tail, parts.Count + 1) })
        {
            if (bytes.Length == 0) continue;
            RenderedPart end = RenderedPart.Of("", bytes);
            end = end with { Block = RenderedPart.BlockName(place, end.Sha256) };
            await container.StageAsync(name, end.Block, bytes, cancellation);
            parts.Insert(Math.Min(at, parts.Count), end);
        }
    }

    private byte[] Header(RenderPlan plan, FileEntry entry, RequestedSound sound, List<RenderedPart> parts, string name)
    {
        List<(long, long, int)> lengths =
            [.. parts.Select((part, window) => (part.Length, (long)sound.Stretch.WindowSamples(window), part.Frames))];
        return encoder.Header(entry.Format, sound.Channels, sound.Stretch.Length, WindowEncoder.Serial(name), lengths,
            RenderedFiles.Tags(plan, entry.Track));
    }

    private async Task<(byte[] Head, byte[] Tail)> WavEndsAsync(RenderPlan plan, FileEntry entry, RequestedSound sound,
        CancellationToken cancellation)
    {
        // The loudness of the whole says nothing about a part.
        double? loudness = entry.Track is null && entry.Cut is null ? await MixLoudness.ReadAsync(table, plan.Recording, cancellation)
            : null;
        RecordingDetails details = plan.Details;
        return BroadcastWave.Describe(sound.Channels, sound.Stretch.Length, details.RecordedAt + SampleClock.ToTime(sound.Stretch.From),
            FileNames.Ascii(Description(plan, entry), 256),
            FileNames.Ascii(details.Id.Replace("-", "", StringComparison.Ordinal), 32), loudness,
            [.. sound.Stretch.NotesOf(plan).Select(note => (note.Sample, note.Text))]);
    }

    private static string Description(RenderPlan plan, FileEntry entry) =>
        $"{plan.Details.Title ?? plan.Details.GuildName ?? "Recording"}: {entry.Track?.Username ?? "mix"}";

    private string Inputs(RenderPlan plan, FileEntry entry, RequestedSound sound)
    {
        Stretch stretch = sound.Stretch;
        using InputHash hash = new();
        hash.Add(RenderWindows.EncoderVersion, entry.Key, stretch.From, stretch.To);
        // MP3 says nothing of what it holds.
        if (entry.Format == RenderFormat.Wav)
        {
            hash.Add(Description(plan, entry));
            foreach (RecordingNote note in stretch.NotesOf(plan)) hash.Add(note.Sample, note.Text);
        }
        else if (entry.Format != RenderFormat.Mp3)
        {
            foreach ((string name, string value) in RenderedFiles.Tags(plan, entry.Track)) hash.Add(name, value);
        }
        foreach (int window in stretch.Touched)
        {
            string? wanted = Wanted(plan, entry, window);
            hash.Add(wanted);
            if (wanted is not null) sound.AddGains(hash, window);
        }
        return hash.Finish();
    }

    private string? Wanted(RenderPlan plan, FileEntry entry, int window) =>
        entry.Track is { } track ? windows.Inputs(plan, track, window) : windows.MixInputs(plan, window);
}

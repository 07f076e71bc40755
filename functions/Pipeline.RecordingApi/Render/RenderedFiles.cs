using Azure;
using Pipeline.Audio.Ogg;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Makes files of windows: header, windows and stretches of silence become one blob by one commit. A file whose windows are all as they
/// were is left alone.
/// </summary>
internal sealed class RenderedFiles(RenderTable table, RendersContainer container, WindowEncoder encoder, SilentStretches silences,
    TimeProvider time)
{
    /// <summary>Commits a file of a track or of the mix.</summary>
    /// <param name="track">Null for the mix.</param>
    /// <param name="rows">Its windows with sound.</param>
    /// <returns>False: blocks that should wait are gone, their windows are rendered again.</returns>
    public async Task<bool> TryCommitAsync(RenderPlan plan, RenderTrack? track, string format, SortedDictionary<int, RenderRow> rows,
        CancellationToken cancellation)
    {
        FileSound sound = new(track, format);
        string key = sound.Key, file = sound.Blob(plan);
        IReadOnlyList<KeyValuePair<string, string>> tags = Tags(plan, track);
        (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, $"{key}.{format}", cancellation);
        string inputs = Inputs(plan, rows, format, sound.IsJoined, tags);
        if (job is { IsReady: true } && job.Inputs == inputs) return true;
        // It has ended since somebody asked for what there is.
        if (!plan.IsFinal && job is { IsReady: true, IsGrowing: false }) return true;
        StagedBlocks present = await container.BlocksAsync(file, cancellation);
        SortedDictionary<int, RenderedPart> stored = await FindPartsAsync(plan, file, rows, format, (job, present), cancellation);
        if (await ForgetLostAsync(plan, key, rows, stored, cancellation)) return false;
        List<RenderedPart> parts = [];
        List<(long Bytes, long Samples, int Frames)> lengths = [];
        for (int window = 0; window < plan.WindowCount;)
        {
            int end = window + 1;
            RenderedPart part;
            if (stored.TryGetValue(window, out RenderedPart? found)) part = found;
            else
            {
                end = SilentStretches.End(format, window, plan.WindowCount, at => !rows.ContainsKey(at));
                part = await silences.StageAsync(plan, sound, window, end, present, cancellation);
            }
            parts.Add(part);
            lengths.Add((part.Length, Math.Min(RenderWindows.Start(end), plan.TotalSamples) - RenderWindows.Start(window), part.Frames));
            window = end;
        }
        byte[] head = sound.IsJoined ? OggOpusJoin.WriteHeader(sound.Serial(plan), sound.Channels, tags)
            : encoder.Header(format, sound.Channels, plan.TotalSamples, sound.Serial(plan), lengths, tags);
        RenderedPart header = await silences.StageAsync(file, "header", head, 0, present, cancellation);
        parts.Insert(0, header);
        RenderJob ready = Ready(inputs, parts, time) with { Samples = plan.TotalSamples, IsGrowing = !plan.IsFinal };
        return await TryPutAsync(table, container, (plan.Recording, $"{key}.{format}"), (job, version), ready, present, cancellation);
    }

    /// <summary>
    /// Makes a file of its blocks and writes its row, each under the version that was read. A file that is there is announced as replaced
    /// first: somebody may have made it and not yet written its row, which would then speak of ours. Where the row has changed the file is
    /// left alone, where the file has changed the row stays announced: a row that is current speaks of the file that lies there.
    /// </summary>
    /// <param name="row">As it was before the work began.</param>
    /// <param name="present">The file's blocks, or its version alone, read before this is called.</param>
    /// <returns>False: somebody else was at it, or a block is gone; the file is to be looked at again.</returns>
    public static async Task<bool> TryPutAsync(RenderTable table, RendersContainer container, (RecordingId Recording, string Key) file,
        (RenderJob? Job, ETag Version) row, RenderJob ready, StagedBlocks present, CancellationToken cancellation)
    {
        (ETag version, string type) = (row.Version, RenderFormat.ContentType(Path.GetExtension(file.Key).TrimStart('.')));
        if (present.Version is not null)
        {
            if (await WriteAsync(Replaced(row.Job, ready.ChangedAt)) is not { } announced) return false;
            version = announced;
        }
        return await container.TryCommitAsync($"{file.Recording}/{file.Key}", ready.Parts.Select(part => part.Block).Distinct(), type,
            present, cancellation) && await WriteAsync(ready) is not null;

        Task<ETag?> WriteAsync(RenderJob job) => table.TryWriteJobAsync(file.Recording, file.Key, job, version, cancellation);
    }

    /// <summary>The row of a file that is about to be another one: it is given as before, and its next look makes it.</summary>
    public static RenderJob Replaced(RenderJob? job, DateTimeOffset now) =>
        (job ?? new RenderJob { Inputs = "" }) with { Inputs = "", MadeFor = null, ChangedAt = now };

    public static RenderJob Ready(string inputs, IReadOnlyList<RenderedPart> parts, TimeProvider time) => new()
    {
        Inputs = inputs,
        Parts = parts,
        PartCount = parts.Count,
        IsReady = true,
        Length = parts.Sum(part => part.Length),
        Crc = parts.Aggregate(0u, (crc, part) => Crc32Join.Join(crc, part.Crc, part.Length)),
        ChangedAt = time.GetUtcNow(),
    };

    public static IReadOnlyList<KeyValuePair<string, string>> Tags(RenderPlan plan, RenderTrack? track) =>
    [
        new("TITLE", FileNames.Tag(plan.Details.Title ?? plan.Details.GuildName ?? plan.Details.Id)),
        new("ARTIST", FileNames.Tag(track?.Username ?? "Mix")),
        new("TRACKNUMBER", $"{track?.Number ?? 0}"),
        new("DATE", $"{plan.Details.RecordedAt:yyyy-MM-dd}"),
    ];

    /// <summary>Parts of one format whose bytes are in the storage, by window.</summary>
    private async Task<SortedDictionary<int, RenderedPart>> FindPartsAsync(RenderPlan plan, string file,
        SortedDictionary<int, RenderRow> rows, string format, (RenderJob? Job, StagedBlocks Present) known, CancellationToken cancellation)
    {
        SortedDictionary<int, RenderedPart> found = [];
        foreach ((int window, RenderRow row) in rows.Where(row => row.Key < plan.WindowCount))
        {
            if (row.Parts.GetValueOrDefault(format) is not { } part) continue;
            RenderedPart? beside = part.IsPaired ? Beside(plan, rows, format, window, part) : null;
            // The window beside it was rendered again, or is silent now: of their block this part is copied into one of its own.
            bool isAlone = part.IsPaired && beside is null;
            RenderedPart wanted = isAlone ? part with { Block = RenderedPart.BlockName($"{window}a", part.Sha256) } : part;
            // A block of another length is not the one that the row speaks of: the file would be longer or shorter than is said.
            if (known.Present.Contains(wanted.Block, wanted.Length + (beside?.Length ?? 0))
                || (isAlone && await TryCopyAsync(file, known.Job, part, wanted, cancellation))) found[window] = wanted;
        }
        return found;
    }

    // The part of the window that shares its block.
    private static RenderedPart? Beside(RenderPlan plan, SortedDictionary<int, RenderRow> rows, string format, int window,
        RenderedPart part)
    {
        int beside = RenderWindows.BeginsPair(window) ? window + 1 : window - 1;
        return beside < plan.WindowCount && rows.GetValueOrDefault(beside)?.Parts.GetValueOrDefault(format) is { } other
            && other.Block == part.Block ? other : null;
    }

    private async Task<bool> TryCopyAsync(string file, RenderJob? job, RenderedPart part, RenderedPart target,
        CancellationToken cancellation)
    {
        long offset = 0;
        foreach (RenderedPart made in job?.Parts ?? [])
        {
            if (made.Sha256 == part.Sha256)
            {
                if (await container.TryReadAsync(file, offset, (int)part.Length, cancellation) is not { } bytes
                    || RenderedPart.Of("", bytes).Sha256 != part.Sha256) return false;
                await container.StageAsync(file, target.Block, bytes, cancellation);
                return true;
            }
            offset += made.Length;
        }
        return false;
    }

    /// <summary>Windows whose bytes are not in the storage any more: marked, so that the next pass makes them.</summary>
    private async Task<bool> ForgetLostAsync(RenderPlan plan, string key, SortedDictionary<int, RenderRow> rows,
        SortedDictionary<int, RenderedPart> stored, CancellationToken cancellation)
    {
        bool lost = false;
        foreach ((int window, RenderRow row) in rows.Where(row => row.Key < plan.WindowCount && !stored.ContainsKey(row.Key)).ToArray())
        {
            lost = true;
            // The waveform and the loudness, which were not read, stay.
            await table.WritePartsAsync(plan.Recording, key, window, rows[window] = row with { Inputs = "" }, cancellation);
        }
        return lost;
    }

    private static string Inputs(RenderPlan plan, SortedDictionary<int, RenderRow> rows, string format, bool isJoined,
        IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        using InputHash hash = new();
        if (isJoined) hash.Add(RenderWindows.JoinVersion);
        hash.Add(RenderWindows.EncoderVersion, plan.TotalSamples, plan.WindowCount, plan.IsFinal);
        foreach ((string name, string value) in tags) hash.Add(name, value);
        foreach ((int window, RenderRow row) in rows.Where(row => row.Key < plan.WindowCount))
            hash.Add(window, row.Parts.GetValueOrDefault(format)?.Sha256);
        return hash.Finish();
    }
}

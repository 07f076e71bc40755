using System.Text;
using Azure;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// A ZIP of files that lie in the storage already: our side writes headers only, the files' bytes go from blob to blob. Nothing is
/// compressed; names are UTF-8; what goes beyond 4 GiB is ZIP64 (PKWARE APPNOTE 6.3.10).
/// </summary>
internal sealed class BundleFile(RenderTable table, RendersContainer container, MessageQueues queues, RenderSettings settings)
{
    private const long LargestPiece = 256L << 20;

    /// <summary>
    /// The text of what is said grows while a bundle is made and taken: so long one that lacks its last words is given as it is.
    /// </summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    // The row of a text that is written again is gone by then.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Who asks for a bundle asks for its files. What has come of none of it so much later is asked for again: its message was given up,
    /// or what it made is gone.
    /// </summary>
    private static readonly TimeSpan AskedAgain = TimeSpan.FromSeconds(30);

    /// <summary>So long a bundle waits for its files; who asks for it after that has it begun again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <summary>Goes on with the bundle when all its files are whole.</summary>
    /// <returns>False: files are still being made, or more is to be done.</returns>
    public async Task<bool> MakeAsync(RenderPlan plan, FileEntry entry, Func<bool> isOver, CancellationToken cancellation)
    {
        (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, entry.Key, cancellation);
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(plan.Recording, entry.Cut, cancellation);
        List<FileEntry> members = Members(plan, entry, settings.Options, jobs);
        DateTimeOffset now = settings.Time.GetUtcNow();
        FileEntry[] open = [.. members.Where(member => !IsWhole(plan, settings.Options, member, jobs, now))];
        if (open.Length > 0) return !await AwaitAsync(plan, entry, (job, version), open, jobs, cancellation);
        string inputs = Inputs(plan, entry, members, jobs), spoken = Spoken(members, jobs);
        if (job is { IsReady: true } && job.Inputs == inputs && job.MadeFor == spoken) return true;
        using ZipLayout zip = new(plan.Details.RecordedAt + SampleClock.ToTime(entry.Cut?.From ?? 0));
        StagedBlocks present = await container.BlocksAsync(Blob(plan, entry), cancellation);
        if (!await StageAsync(plan, entry, members, jobs, zip, present, isOver, cancellation)) return false;
        RenderJob ready = RenderedFiles.Ready(inputs, zip.Parts, settings.Time) with { MadeFor = spoken };
        if (entry.Passes)
            await table.ScheduleAsync(plan.Recording, entry.Key, ready.ChangedAt + RequestedFiles.Kept, cancellation);
        return await RenderedFiles.TryPutAsync(table, container, (plan.Recording, entry.Key), (job, version), ready, present,
            cancellation);
    }

    /// <summary>It was made of the files as they are now.</summary>
    public static bool IsCurrent(RenderPlan plan, RenderOptions options, FileEntry bundle, IReadOnlyDictionary<string, RenderJob> jobs,
        DateTimeOffset now)
    {
        List<FileEntry> members = Members(plan, bundle, options, jobs);
        RenderJob job = jobs[bundle.Key];
        return members.All(member => IsWhole(plan, options, member, jobs, now))
            && job.Inputs == Inputs(plan, bundle, members, jobs) && (job.MadeFor == Spoken(members, jobs) || now - job.ChangedAt < Fresh);
    }

    // A file that is given until another one has come in its place is not what its row says meanwhile.
    private static bool IsWhole(RenderPlan plan, RenderOptions options, FileEntry member, IReadOnlyDictionary<string, RenderJob> jobs,
        DateTimeOffset now) => FileCatalogue.IsReady(plan, options, member, jobs, now) && !jobs[member.Key].IsReplaced;

    /// <summary>Sees that the files that are not whole are on their way.</summary>
    /// <returns>False: it has waited for too long.</returns>
    private async Task<bool> AwaitAsync(RenderPlan plan, FileEntry entry, (RenderJob? Job, ETag Version) row, FileEntry[] open,
        Dictionary<string, RenderJob> jobs, CancellationToken cancellation)
    {
        DateTimeOffset now = settings.Time.GetUtcNow();
        foreach (FileEntry lost in open.Where(member => member.Kind == FileKind.Transcript && now - jobs[member.Key].ChangedAt > Fresh))
            await GiveUpAsync(plan, lost, jobs[lost.Key], cancellation);
        RenderJob own = row.Job ?? new RenderJob { Inputs = "" };
        if (now - own.AwaitsSince >= Patience)
        {
            await ForgetAsync(plan, entry, own, row.Version, cancellation);
            return false;
        }
        bool isLong = now - own.AskedAt >= AskedAgain;
        if (own.AskedAt is not null && !isLong && own.AskedFor == plan.VersionOf(entry)) return true;
        // Noted first: of several that wait for the same one asks, and who ends in between is followed by the next look.
        own = own with { AwaitsSince = own.AwaitsSince ?? now, AskedAt = now, AskedFor = plan.VersionOf(entry) };
        if (await table.TryWriteJobAsync(plan.Recording, entry.Key, own, row.Version, cancellation) is null) return true;
        IEnumerable<FileEntry> due = open.Where(member => member.Kind != FileKind.Transcript
            && (IsOld(member) || (isLong && now - (jobs.GetValueOrDefault(member.Key)?.ChangedAt ?? default) > Fresh)));
        foreach (string? key in due.Select(KeyOf).Distinct()) await SendAsync(plan, key, cancellation);
        return true;

        // Nobody else asks for what has got out of date since, or whose maker may have ended.
        bool IsOld(FileEntry member) => jobs.GetValueOrDefault(member.Key) is { IsReady: true } job
            && (!member.IsAutomatic || job.IsReplaced);
    }

    private async Task ForgetAsync(RenderPlan plan, FileEntry entry, RenderJob own, ETag version, CancellationToken cancellation)
    {
        if (!own.IsReady) await table.TryDeleteJobAsync(plan.Recording, entry.Key, version, cancellation);
        else
        {
            await table.TryWriteJobAsync(plan.Recording, entry.Key, own with { AwaitsSince = null, AskedAt = null, AskedFor = null },
                version, cancellation);
        }
    }

    // All that is made without being asked for is one message's work.
    private static string? KeyOf(FileEntry member) => member.IsAutomatic ? null : member.Key;

    private Task SendAsync(RenderPlan plan, string? key, CancellationToken cancellation) =>
        queues.SendAsync(new RenderWindow { RecordingId = plan.Recording, File = key }, TimeSpan.Zero, cancellation);

    // Its row does not speak of what lies there, or is nobody's any more: it is made again. A transcript is left out until it is: where
    // transcription was switched off since, nobody writes it.
    private async Task GiveUpAsync(RenderPlan plan, FileEntry member, RenderJob made, CancellationToken cancellation)
    {
        (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, member.Key, cancellation);
        if (job is null || (job.Inputs, job.ChangedAt) != (made.Inputs, made.ChangedAt)) return; // somebody else was quicker
        if (member.Kind != FileKind.Transcript)
        {
            RenderJob replaced = RenderedFiles.Replaced(job, settings.Time.GetUtcNow());
            if (await table.TryWriteJobAsync(plan.Recording, member.Key, replaced, version, cancellation) is not null)
                await SendAsync(plan, KeyOf(member), cancellation);
            return;
        }
        await queues.SendAsync(new TranscribeStretch { RecordingId = plan.Recording }, Soon, cancellation);
        await table.TryDeleteJobAsync(plan.Recording, member.Key, version, cancellation);
    }

    // A block is named by what it holds: what an earlier piece of work, or an earlier bundle, has stored is not stored once more.
    private async Task<bool> StageAsync(RenderPlan plan, FileEntry entry, List<FileEntry> members, Dictionary<string, RenderJob> jobs,
        ZipLayout zip, StagedBlocks present, Func<bool> isOver, CancellationToken cancellation)
    {
        string name = Blob(plan, entry);
        bool hasCopied = false;
        foreach (FileEntry member in members)
        {
            RenderJob made = jobs[member.Key];
            string source = $"{plan.Recording}/{member.Key}";
            await StageTextAsync(zip.Begin(member.Name, made.Length, made.Crc));
            if (await container.FindAsync(source, cancellation) is not { } found || found.Length != made.Length)
            {
                await GiveUpAsync(plan, member, made, cancellation);
                return false;
            }
            for (long offset = 0; offset < made.Length; offset += LargestPiece)
            {
                long length = Math.Min(LargestPiece, made.Length - offset);
                string block = RenderedPart.BlockName($"{zip.Parts.Count}", NameOf(made, found.Version, offset));
                RenderedPart part = new(block, length, 0, "", 0);
                zip.Parts.Add(part);
                if (present.Contains(part.Block)) continue;
                if (hasCopied && isOver()) return false;
                await container.StageFromAsync(name, part.Block, source, found.Version, offset, length, cancellation);
                hasCopied = true;
            }
        }
        foreach ((string text, byte[] content) in Texts(plan, entry).Select(pair => (pair.Name, Encoding.UTF8.GetBytes(pair.Text))))
            await StageTextAsync([.. zip.Begin(text, content.Length, System.IO.Hashing.Crc32.HashToUInt32(content)), .. content]);
        await StageTextAsync(zip.End());
        return true;

        async Task StageTextAsync(byte[] bytes)
        {
            RenderedPart part = RenderedPart.Of("", bytes);
            part = part with { Block = RenderedPart.BlockName($"{zip.Parts.Count}", part.Sha256) };
            zip.Parts.Add(part);
            if (!present.Contains(part.Block)) await container.StageAsync(name, part.Block, bytes, cancellation);
        }
    }

    private static string Blob(RenderPlan plan, FileEntry entry) => $"{plan.Recording}/{entry.Key}";

    private static string NameOf(RenderJob made, ETag version, long offset)
    {
        using InputHash hash = new();
        hash.Add(made.Inputs, made.Crc, made.Length, version, offset);
        return hash.Finish();
    }

    /// <summary>
    /// Files of a bundle: tracks and mix of its format, and the texts; of a stretch, its tracks and mix under the names that they have.
    /// </summary>
    public static List<FileEntry> Members(RenderPlan plan, FileEntry bundle, RenderOptions options,
        IReadOnlyDictionary<string, RenderJob> jobs)
    {
        IEnumerable<FileEntry> files = bundle.Cut is { } cut
            ? FileCatalogue.All(plan, options).Where(file => file.IsSound).Select(file => cut.Of(file) with { Name = file.Name })
            : FileCatalogue.List(plan, options, jobs);
        return [.. files.Where(file => file.Kind != FileKind.Bundle && (!file.IsSound || file.Format == bundle.Format))
            .OrderBy(file => file.Kind).ThenBy(file => file.Name, StringComparer.Ordinal)];
    }

    // Small files that are made for this bundle only.
    private static IEnumerable<(string Name, string Text)> Texts(RenderPlan plan, FileEntry bundle)
    {
        RenderPlan shown = bundle.Cut is { } cut ? cut.Shown(plan) : plan;
        if (bundle.Cut is not null) yield return (RecordingTexts.Labels, RecordingTexts.LabelsOf(shown));
        yield return (RecordingTexts.Lof, RecordingTexts.LofOf(shown, bundle.Format));
        yield return (RecordingTexts.Reaper, RecordingTexts.ReaperOf(shown, bundle.Format));
    }

    private static string Inputs(RenderPlan plan, FileEntry entry, List<FileEntry> members,
        IReadOnlyDictionary<string, RenderJob> jobs)
    {
        using InputHash hash = new();
        hash.Add(RenderWindows.EncoderVersion, entry.Key);
        foreach ((string name, string text) in Texts(plan, entry)) hash.Add(name, text);
        Add(hash, members.Where(member => member.Kind != FileKind.Transcript), jobs);
        return hash.Finish();
    }

    // Of the files of what was said.
    private static string Spoken(List<FileEntry> members, IReadOnlyDictionary<string, RenderJob> jobs)
    {
        using InputHash hash = new();
        Add(hash, members.Where(member => member.Kind == FileKind.Transcript), jobs);
        return hash.Finish();
    }

    private static void Add(InputHash hash, IEnumerable<FileEntry> members, IReadOnlyDictionary<string, RenderJob> jobs)
    {
        foreach (FileEntry member in members) hash.Add(member.Name, jobs[member.Key].Inputs, jobs[member.Key].Crc, jobs[member.Key].Length);
    }
}

/// <summary>Headers of a ZIP in the order of its bytes, and where they lie.</summary>
internal sealed class ZipLayout(DateTimeOffset stamp) : IDisposable
{
    private const ushort Utf8Names = 1 << 11;
    private const ushort Version64 = 45;
    private const uint Follows = uint.MaxValue; // the figure stands in the ZIP64 field

    private readonly MemoryStream directory = new();
    private long entries;
    private long memberEnd;

    public List<RenderedPart> Parts { get; } = [];

    public void Dispose() => directory.Dispose();

    /// <summary>The local header in front of a file's bytes (APPNOTE §4.3.7).</summary>
    public byte[] Begin(string name, long length, uint crc)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        using MemoryStream header = new();
        using BinaryWriter writer = new(header);
        writer.Write(0x04034B50u);
        WriteCommon(writer, crc, utf8.Length, extra: 20);
        writer.Write(utf8);
        writer.Write((ushort)1);
        writer.Write((ushort)16);
        writer.Write(length);
        writer.Write(length);
        WriteEntry(utf8, length, crc, memberEnd);
        memberEnd += header.Length + length;
        entries++;
        return header.ToArray();
    }

    /// <summary>Central directory, ZIP64 end, end (APPNOTE §4.3.12 to §4.3.16).</summary>
    public byte[] End()
    {
        using MemoryStream end = new();
        using BinaryWriter writer = new(end);
        writer.Write(directory.ToArray());
        long start = memberEnd, size = directory.Length;
        writer.Write(0x06064B50u);
        writer.Write(44L);
        writer.Write(Version64);
        writer.Write(Version64);
        writer.Write(0L); // disks
        writer.Write(entries);
        writer.Write(entries);
        writer.Write(size);
        writer.Write(start);
        writer.Write(0x07064B50u);
        writer.Write(0u);
        writer.Write(start + size);
        writer.Write(1u);
        writer.Write(0x06054B50u);
        writer.Write(0u);
        writer.Write(ushort.MaxValue);
        writer.Write(ushort.MaxValue);
        writer.Write(Follows);
        writer.Write(Follows);
        writer.Write((ushort)0);
        return end.ToArray();
    }

    // Version, flags, stored, time and date, CRC, lengths in the ZIP64 field, lengths of name and extra.
    private void WriteCommon(BinaryWriter writer, uint crc, int nameLength, int extra)
    {
        writer.Write(Version64);
        writer.Write(Utf8Names);
        writer.Write((ushort)0);
        writer.Write((ushort)((stamp.Hour << 11) | (stamp.Minute << 5) | (stamp.Second / 2)));
        writer.Write((ushort)((Math.Max(0, stamp.Year - 1980) << 9) | (stamp.Month << 5) | stamp.Day));
        writer.Write(crc);
        writer.Write(Follows);
        writer.Write(Follows);
        writer.Write((ushort)nameLength);
        writer.Write((ushort)extra);
    }

    private void WriteEntry(byte[] utf8, long length, uint crc, long offset)
    {
        using BinaryWriter writer = new(directory, Encoding.UTF8, leaveOpen: true);
        writer.Write(0x02014B50u);
        writer.Write(Version64);
        WriteCommon(writer, crc, utf8.Length, extra: 28);
        writer.Write((ushort)0); // comment
        writer.Write((ushort)0); // disk
        writer.Write((ushort)0);
        writer.Write(0u);
        writer.Write(Follows); // offset
        writer.Write(utf8);
        writer.Write((ushort)1);
        writer.Write((ushort)24);
        writer.Write(length);
        writer.Write(length);
        writer.Write(offset);
    }
}

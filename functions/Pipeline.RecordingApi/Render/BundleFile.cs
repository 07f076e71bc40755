using System.Text;
using Azure;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// A ZIP of files that lie in the storage already: our side writes headers only, the files' bytes go from blob to blob. Nothing is
/// compressed; names are UTF-8; what goes beyond 4 GiB is ZIP64 (PKWARE APPNOTE 6.3.10).
/// </summary>
internal sealed class BundleFile(RenderTable table, RendersContainer container, TimeProvider time)
{
    private const long LargestPiece = 256L << 20;

    /// <summary>Makes the bundle when all its files are whole, and asks for those that are not.</summary>
    /// <returns>False: files are still being made.</returns>
    public async Task<bool> MakeAsync(RenderPlan plan, FileEntry entry, RenderOptions options, CancellationToken cancellation)
    {
        (RenderJob? job, ETag version) = await table.FindJobAsync(plan.Recording, entry.Key, cancellation);
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(plan.Recording, cancellation);
        List<FileEntry> members = Members(plan, entry, options, jobs);
        if (members.Any(member => jobs.GetValueOrDefault(member.Key)?.IsReady != true)) return false;
        string inputs = Inputs(plan, entry, members, jobs);
        if (job is { IsReady: true } && job.Inputs == inputs) return true;
        using ZipLayout zip = new(plan.Details.RecordedAt + SampleClock.ToTime(entry.Cut?.From ?? 0));
        string name = $"{plan.Recording}/{entry.Key}";
        foreach (FileEntry member in members)
        {
            RenderJob made = jobs[member.Key];
            await StageAsync(zip.Begin(member.Name, made.Length, made.Crc));
            if (await container.FindAsync($"{plan.Recording}/{member.Key}", cancellation) is not { } source || source.Length != made.Length)
                return false;
            for (long offset = 0; offset < made.Length; offset += LargestPiece)
            {
                long length = Math.Min(LargestPiece, made.Length - offset);
                RenderedPart part = new(RenderedPart.BlockName($"{zip.Parts.Count}", inputs), length, 0, "", 0);
                await container.StageFromAsync(name, part.Block, $"{plan.Recording}/{member.Key}", source.Version, offset, length,
                    cancellation);
                zip.Parts.Add(part);
            }
        }
        foreach ((string text, byte[] content) in Texts(plan, entry).Select(pair => (pair.Name, Encoding.UTF8.GetBytes(pair.Text))))
        {
            await StageAsync([.. zip.Begin(text, content.Length, System.IO.Hashing.Crc32.HashToUInt32(content)), .. content]);
        }
        await StageAsync(zip.End());
        if (!await container.TryCommitAsync(name, zip.Parts.Select(part => part.Block), RenderFormat.ContentType("zip"), cancellation))
            return false;
        RenderJob ready = RenderedFiles.Ready(inputs, zip.Parts, time);
        if (entry.Passes)
            await table.ScheduleAsync(plan.Recording, entry.Key, ready.ChangedAt + RequestedFiles.Kept, cancellation);
        return await table.TryWriteJobAsync(plan.Recording, entry.Key, ready, version, cancellation) is not null;

        async Task StageAsync(byte[] bytes)
        {
            RenderedPart part = RenderedPart.Of(RenderedPart.BlockName($"{zip.Parts.Count}", inputs), bytes);
            await container.StageAsync(name, part.Block, bytes, cancellation);
            zip.Parts.Add(part);
        }
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

    private static string Inputs(RenderPlan plan, FileEntry entry, List<FileEntry> members, Dictionary<string, RenderJob> jobs)
    {
        using InputHash hash = new();
        hash.Add(RenderWindows.EncoderVersion, entry.Key);
        foreach ((string name, string text) in Texts(plan, entry)) hash.Add(name, text);
        foreach (FileEntry member in members) hash.Add(member.Name, jobs[member.Key].Inputs, jobs[member.Key].Crc, jobs[member.Key].Length);
        return hash.Finish();
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

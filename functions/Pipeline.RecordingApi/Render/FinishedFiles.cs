using System.IO.Hashing;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>The whole files of a finished recording, for those who keep copies: FLAC of each track, the mixes, the texts.</summary>
public sealed class FinishedFiles(RenderPlans plans, RenderTable table, RendersContainer container, RenderSettings settings)
{
    /// <summary>Null where there is no such recording, where it was deleted, and while it runs.</summary>
    public async Task<FinishedRecording?> FindAsync(RecordingId recording, CancellationToken cancellation)
    {
        if (await plans.ReadAsync(recording, cancellation) is not { IsFinal: true } plan) return null;
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(recording, cancellation);
        List<FinishedFile> files = [];
        foreach (FileEntry entry in FileCatalogue.All(plan, settings.Options).Where(IsKept))
        {
            if (jobs.GetValueOrDefault(entry.Key) is { IsReady: true } job)
                files.Add(new FinishedFile(entry.Key, entry.Name, job.Length, job.Crc));
        }
        return new FinishedRecording(plan.Details.RecordedAt, files);
    }

    /// <summary>Writes a file's bytes into an empty stream that can be read too, and holds them to what is listed.</summary>
    /// <exception cref="Azure.RequestFailedException">It is gone, or the storage is away.</exception>
    /// <exception cref="IOException">It is another one by now; a message about that is on its way.</exception>
    public async Task CopyAsync(RecordingId recording, FinishedFile file, Stream target, CancellationToken cancellation)
    {
        await container.CopyToAsync($"{recording}/{file.Key}", target, cancellation);
        target.Position = 0;
        Crc32 crc = new();
        await crc.AppendAsync(target, cancellation);
        if (target.Length != file.Length || crc.GetCurrentHashAsUInt32() != file.Crc)
            throw new IOException($"'{file.Name}' of {recording} is being made once more: what was read is not what is listed");
    }

    private static bool IsKept(FileEntry file) => file.IsAutomatic
        && (file.Kind is FileKind.Mix or FileKind.Text || (file.Kind == FileKind.Track && file.Format == RenderFormat.Flac));
}

/// <summary>A recording that is over, and those of its files that are whole by now.</summary>
public sealed record FinishedRecording(DateTimeOffset RecordedAt, IReadOnlyList<FinishedFile> Files);

/// <summary>One file: what people see it as, its length in bytes and its CRC-32.</summary>
public sealed record FinishedFile(string Key, string Name, long Length, uint Crc);

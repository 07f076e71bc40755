using Azure;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Deletion;

/// <summary>
/// Every minute: deletes files that were made on request and can be made again, when their time has come. Who is cut off goes on the next
/// time; two at once do no harm.
/// </summary>
public sealed class PassingFilesSweep(RenderTable table, RendersContainer container, TimeProvider time)
{
    private const int Width = 8;

    /// <summary>Some seconds of deletions; the rest a minute later.</summary>
    internal int MostAtOnce { get; set; } = 500;

    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<PassingFile> due = [];
        await foreach (PassingFile file in table.ListDueAsync(now, cancellation))
        {
            due.Add(file);
            if (due.Count == MostAtOnce) break;
        }
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(due, width, async (file, stop) => await DeleteAsync(file, now, stop));
    }

    // The row first: nobody is sent to a file that is about to go. What was asked for once more stays, and has a time of its own, also
    // where it is made just while the old one goes.
    private async Task DeleteAsync(PassingFile file, DateTimeOffset now, CancellationToken cancellation)
    {
        string name = $"{file.Recording}/{file.File}";
        ETag? found = (await container.FindAsync(name, cancellation))?.Version;
        (RenderJob? job, ETag version) = await table.FindJobAsync(file.Recording, file.File, cancellation);
        bool isOver = job is { IsReady: true } && now >= job.ChangedAt + RenderRecording.RequestedFilesKept;
        if (isOver && !await table.TryDeleteJobAsync(file.Recording, file.File, version, cancellation)) return;
        if (isOver || job is null) await container.DeleteFoundAsync(name, found, cancellation);
        await table.UnscheduleAsync(file, cancellation);
    }
}

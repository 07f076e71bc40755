using Pipeline.RecordingApi.Events;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Tells that a recording's files are whole, once for each set of them: a recording that was amended since tells it again. Called after
/// the files' rows are written; a process that ends in between is repeated by its queue message.
/// </summary>
public sealed class FilesReady(RenderTable table, EventOutbox outbox)
{
    private const int HashLength = 16;

    internal async Task TellAsync(RenderPlan plan, RenderedWindows rows, RenderOptions options, CancellationToken cancellation)
    {
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(plan.Recording, cancellation);
        FileEntry[] ready = [.. FileCatalogue.All(plan, options)
            .Where(file => file.IsAutomatic && jobs.GetValueOrDefault(file.Key)?.IsReady == true)];
        // Who replaces one of them tells it.
        if (ready.Length == 0 || ready.Any(file => jobs[file.Key].IsReplaced)) return;
        using InputHash hash = new();
        foreach (FileEntry file in ready.Where(file => file.Kind is FileKind.Track or FileKind.Mix))
            hash.Add(file.Key, jobs[file.Key].Inputs);
        EventData told = EventOutbox.Of(plan.Details);
        await outbox.RaiseAsync(EventTypes.FilesReady, told with { Files = Named(ready) }, hash.Finish()[..HashLength], cancellation);
        int unreadable = plan.Tracks.Sum(track => rows.Of(track).Values.SelectMany(row => row.Unreadable).Distinct().Count());
        if (unreadable == 0) return;
        string problem = $"{unreadable} segments could not be read: their time is silence in the files, and info.json names them";
        await outbox.RaiseAsync(EventTypes.RecordingProblem, told with { Problem = problem }, "unreadable", cancellation);
    }

    // An event stays below 20 KB: of many names the first ones, which are those of the mix.
    private static string[] Named(FileEntry[] ready) => [.. ready.Select(file => file.Name).Take(25)];
}

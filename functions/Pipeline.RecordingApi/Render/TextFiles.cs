using Azure;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Small files beside the tracks. What makes one hands it in here; from then on it is listed, downloaded, bundled and deleted with the
/// others.
/// </summary>
public sealed class TextFiles(RenderTable table, RendersContainer container, TimeProvider time)
{
    /// <summary>What a transcript may come as.</summary>
    public static IReadOnlyList<string> Transcripts { get; } = [TranscriptJson, TranscriptVtt, TranscriptSrt, TranscriptPlain];

    internal const string TranscriptJson = "transcript.json", TranscriptVtt = "transcript.vtt", TranscriptSrt = "transcript.srt",
        TranscriptPlain = "transcript.txt";

    /// <summary>Puts a file in place of the one that was there; the same content again does nothing.</summary>
    /// <param name="name">One of <see cref="Transcripts"/> or of our own texts.</param>
    /// <param name="text">UTF-8.</param>
    /// <returns>False: somebody else has put one meanwhile; read again what it is made of.</returns>
    public async Task<bool> TryPutAsync(RecordingId recording, string name, byte[] text, CancellationToken cancellation)
    {
        (RenderJob? job, ETag version) = await table.FindJobAsync(recording, name, cancellation);
        RenderedPart part = RenderedPart.Of("", text);
        part = part with { Block = RenderedPart.BlockName("text", part.Sha256) };
        if (job is { IsReady: true } && job.Inputs == part.Sha256) return true;
        string blob = $"{recording}/{name}";
        // An empty file has no block: the service takes none without bytes, the emulator does.
        RenderedPart[] parts = text.Length == 0 ? [] : [part];
        if (text.Length > 0) await container.StageAsync(blob, part.Block, text, cancellation);
        StagedBlocks present = StagedBlocks.None with { Version = (await container.FindAsync(blob, cancellation))?.Version };
        return await RenderedFiles.TryPutAsync(table, container, (recording, name), (job, version),
            RenderedFiles.Ready(part.Sha256, parts, time), present, cancellation);
    }

    /// <summary>Writes what goes with the tracks of a finished recording.</summary>
    internal async Task<bool> WriteAsync(RenderPlan plan, RenderedWindows rows, RenderOptions options, CancellationToken cancellation)
    {
        double? loudness = await MixLoudness.ReadAsync(table, plan.Recording, cancellation);
        Dictionary<string, RenderJob> jobs = await table.ReadJobsAsync(plan.Recording, cancellation);
        bool written = true;
        foreach ((string name, byte[] text) in RecordingTexts.All(plan, rows, jobs, options, loudness))
            written &= await TryPutAsync(plan.Recording, name, text, cancellation);
        return written;
    }

    internal static FileEntry Entry(string name) => new(name, name, Transcripts.Contains(name) ? FileKind.Transcript : FileKind.Text,
        Path.GetExtension(name).TrimStart('.'), null, IsAutomatic: true);
}

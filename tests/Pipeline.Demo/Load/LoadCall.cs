using System.Globalization;
using System.Text.Json;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Load;

/// <summary>One replayed call through the real processes, from the first frame to the verified recording.</summary>
/// <param name="format">What the bot writes: wav or opus.</param>
/// <param name="pause">Silence of a person between two repetitions.</param>
internal sealed class LoadCall(Azurite azurite, FunctionsApp functions, TempFolder folder, string format, TimeSpan pause,
    LoadFiles? files = null)
{
    private static readonly string[] Voices = ["ada", "grace", "linus"];

    // 9.4 s makes a three-hour call of four people 4,600 segments long.
    private const int SegmentMilliseconds = 9400;

    /// <summary>What came out of a call.</summary>
    /// <param name="FunctionsBytes">Resident memory of the functions, once a second.</param>
    /// <param name="FunctionsSeconds">Processor seconds of the functions from the first segment to the last file, or to the end of the
    /// recording where no files are made.</param>
    /// <param name="Operations">Every request to the storage while it went on but looks into queues; none without an access log.</param>
    internal sealed record Outcome(ReplaySummary Summary, RecordingDetails Recording, IReadOnlyList<VerifiedTrack> Tracks,
        TimeSpan StopToFinalized, int ChainMismatches, IReadOnlyList<long> FunctionsBytes, double FunctionsSeconds, LoadFigures? Files,
        IReadOnlyList<StorageOperation> Operations);

    /// <summary>What the files of a call took.</summary>
    internal sealed record LoadFigures(TimeSpan StopToReady, int BlobWrites);

    public async Task<Outcome> RunAsync(string name, int speakers, TimeSpan length, int speed)
    {
        string summaryFile = folder.Combine($"{name}.json");
        await using ChildProcess bot = BuiltProject.StartBot(Arguments(name, speakers, length, speed, summaryFile), Environment(name));
        int asked = StorageOperation.Of(azurite).Count;
        double before = LoadFiles.ProcessorSeconds(functions.Process.Id);
        using CancellationTokenSource echoing = new();
        Task<IReadOnlyList<long>> echo = EchoAsync(bot, functions.Process.Id, echoing.Token);
        int exitCode = await bot.WaitForExitAsync(TimeSpan.FromMinutes(60) + (length / speed * 2));
        long stopped = TimeProvider.System.GetTimestamp();
        if (exitCode != 0)
            throw new InvalidOperationException($"replay ended with {exitCode}:\n{string.Join('\n', bot.Lines.TakeLast(40))}");
        ReplaySummary summary = JsonSerializer.Deserialize<ReplaySummary>(await File.ReadAllBytesAsync(summaryFile),
            JsonSerializerOptions.Web)!;
        // Every figure behind this is of one recording.
        if (summary.Parts.Count != 1) throw new InvalidOperationException($"the call became {summary.Parts.Count} recordings");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(summary.RecordingId.ToString(), TimeSpan.FromMinutes(10));
        TimeSpan finalized = TimeProvider.System.GetElapsedTime(stopped);
        LoadFigures? figures = null;
        if (files is not null)
        {
            await functions.Api.WaitForFilesAsync(recording.Id, TimeSpan.FromMinutes(30));
            figures = new LoadFigures(TimeProvider.System.GetElapsedTime(stopped), files.Writes);
        }
        double seconds = LoadFiles.ProcessorSeconds(functions.Process.Id) - before;
        await echoing.CancelAsync();
        IReadOnlyList<long> functionsBytes = await echo;
        StorageOperation[] operations = [.. StorageOperation.Of(azurite).Skip(asked).Where(operation => !operation.IsPoll)];
        recording = await functions.Api.WithAllSegmentsAsync(recording, CancellationToken.None);
        IReadOnlyList<VerifiedTrack> tracks = await new RecordingVerifier(functions.Api).VerifyAsync(recording, CancellationToken.None);
        return new Outcome(summary, recording, tracks, finalized, ChainMismatches(summary, recording), functionsBytes,
            seconds, figures, operations);
    }

    private List<string> Arguments(string name, int speakers, TimeSpan length, int speed, string summaryFile)
    {
        List<string> arguments = ["replay", "--title", name, "--json", summaryFile, "--repeat-for", LoadOptions.Text(length), "--speed",
            speed.ToString(CultureInfo.InvariantCulture), "--pause", LoadOptions.Text(pause)];
        for (int i = 0; i < speakers; i++)
        {
            string file = RepositoryRoot.Combine("tests", "speech", $"{Voices[i % Voices.Length]}.opus");
            arguments.AddRange(["--speaker", $"Speaker {i + 1}={file}@{LoadOptions.Text(pause * i / speakers)}"]);
        }
        return arguments;
    }

    private Dictionary<string, string?> Environment(string name) => new()
    {
        ["PipelineStorage"] = azurite.ConnectionString,
        ["RECORDING_SPOOL_FOLDER"] = folder.Combine($"{name}-spool"),
        ["RECORDING_OUTPUT_FORMAT"] = format,
        ["RECORDING_MAX_DURATION"] = "7d",
        ["RECORDING_MAX_SEGMENT_DURATION"] = SegmentMilliseconds.ToString(CultureInfo.InvariantCulture),
    };

    // The chain over what the catalogue lists must end where the bot's chain over what it captured ends.
    private static int ChainMismatches(ReplaySummary summary, RecordingDetails recording)
    {
        ILookup<string, RecordingSegment> listed = recording.Segments.ToLookup(segment => segment.UserId);
        return summary.Tracks.Count(track =>
            listed[track.UserId.ToString(CultureInfo.InvariantCulture)].OrderBy(segment => segment.SegmentIndex)
            .Aggregate(SegmentChain.Empty, (chain, segment) =>
            SegmentChain.Append(chain, segment.SegmentIndex, segment.ContentMd5!)) != track.Chain);
    }

    // Shows the bot's lines as they come and watches the memory of the functions app.
    private static async Task<IReadOnlyList<long>> EchoAsync(ChildProcess bot, int functionsId, CancellationToken cancel)
    {
        int shown = 0;
        List<long> bytes = [];
        while (!cancel.IsCancellationRequested)
        {
            string[] lines = [.. bot.Lines.Skip(shown)];
            shown += lines.Length;
            foreach (string line in lines) Console.WriteLine($"  {line}");
            bytes.Add(ProcessMemory.Resident(functionsId));
            await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
        }
        return bytes;
    }
}

using System.Globalization;
using Pipeline.Bot.Replay;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Load;

/// <summary>The load that the product is held to: hours of four speakers, then a crowd; fails when a figure misses its goal.</summary>
internal static class LoadRun
{
    // Everything that it waits for are processes of its own, which a signal ends.
    public static Task<int> RunAsync(LoadOptions options) => Interruption.GuardAsync("load", _ => MeasureAsync(options));

    private static async Task<int> MeasureAsync(LoadOptions options)
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(accessLog: options.Files || options.Formats.Count > 1);
        Dictionary<string, string?> settings = new() { ["RENDER_FORMATS"] = options.Files ? "flac,opus,mp3" : "off" };
        double moving = options is { Files: true, Ffmpeg: true } ? await MovingAsync(azurite, folder, options) : 0;
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString, settings, isMeasured: true);
        LoadFiles? files = options.Files ? new LoadFiles(azurite, functions, folder) : null;
        List<Goal> goals = [];
        foreach (string format in options.Formats)
        {
            LoadCall call = new(azurite, functions, folder, format, options.Pause, files);
            goals.AddRange(await SessionAsync(call, format, files, moving, options));
            if (options.CrowdLength > TimeSpan.Zero) goals.AddRange(await CrowdAsync(call, format, options));
        }

        (int blobs, int messages) = await Leftovers.WaitUntilNoneAsync(azurite.ConnectionString, TimeSpan.FromSeconds(60));
        goals.Add(new Goal("blobs left in the temp container", blobs, 0, "blobs"));
        goals.Add(new Goal("messages left in queues and poison queues", messages, 0, "messages"));
        foreach (Goal goal in goals) Console.WriteLine(goal);
        return goals.All(goal => goal.Holds) ? 0 : 1;
    }

    /// <summary>Processor seconds that the functions take to move a segment, by a sixth of the call without files.</summary>
    private static async Task<double> MovingAsync(Azurite azurite, TempFolder folder, LoadOptions options)
    {
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "off" }, isMeasured: true);
        LoadCall call = new(azurite, functions, folder, "wav", options.Pause);
        // What a process takes to start is no cost of a segment.
        await call.RunAsync("warm", options.Speakers, options.CallLength / 60, options.Speed);
        LoadCall.Outcome outcome = await call.RunAsync("moving", options.Speakers, options.CallLength / 6, options.Speed);
        double moving = outcome.FunctionsSeconds / outcome.Recording.Segments.Count;
        Console.WriteLine(FormattableString.Invariant($"moving: {moving * 1000:F1} ms of the functions' processor time a segment"));
        return moving;
    }

    private static async Task<IEnumerable<Goal>> SessionAsync(LoadCall call, string format, LoadFiles? files, double moving,
        LoadOptions options)
    {
        string name = Name("session", format, options);
        Console.WriteLine(FormattableString.Invariant(
            $"{name}: {options.Speakers} speakers, {options.CallLength.TotalHours:F2} h, up to {options.Speed} times real time"));
        LoadCall.Outcome session = await call.RunAsync(name, options.Speakers, options.CallLength, options.Speed);
        Print(session, options.CallLength);
        return [.. Common(name, session), .. Growth(name, session.Summary),
            .. files is null ? [] : await FilesAsync(files, session, moving, options)];
    }

    private static async Task<IEnumerable<Goal>> CrowdAsync(LoadCall call, string format, LoadOptions options)
    {
        string name = Name("crowd", format, options);
        Console.WriteLine(FormattableString.Invariant($"{name}: {options.Crowd} speakers, {options.CrowdLength.TotalMinutes:F0} min"));
        LoadCall.Outcome crowd = await call.RunAsync(name, options.Crowd, options.CrowdLength, options.Speed);
        Print(crowd, options.CrowdLength);
        double resident = MegaBytes(crowd.Summary.Memory.Max(sample => sample.Resident));
        return [.. Common(name, crowd), new Goal($"{name}: RSS of the bot with {options.Crowd} speakers", resident, 60, "MB")];
    }

    private static string Name(string call, string format, LoadOptions options) =>
        options.Formats.Count == 1 ? call : $"{call}-{format}";

    private static IEnumerable<Goal> Common(string name, LoadCall.Outcome outcome)
    {
        long captured = outcome.Summary.Tracks.Sum(track => track.Segments.Sum(range => range.Count));
        long finalized = outcome.Recording.Segments.Count;
        long distinct = outcome.Recording.Segments.Select(segment => (segment.UserId, segment.SegmentIndex)).Distinct().Count();
        yield return new Goal($"{name}: segments captured but not finalized (of {captured})", captured - distinct, 0, "segments");
        yield return new Goal($"{name}: segments finalized twice", finalized - distinct, 0, "segments");
        yield return new Goal($"{name}: tracks whose MD5 chain differs from the bot's", outcome.ChainMismatches, 0, "tracks");
        yield return new Goal($"{name}: segments reported missing", outcome.Recording.MissingSegments.Count, 0, "segments");
        yield return new Goal($"{name}: stop -> finalized", outcome.StopToFinalized.TotalSeconds, 10, "s");
    }

    private static async Task<IEnumerable<Goal>> FilesAsync(LoadFiles files, LoadCall.Outcome outcome, double moving,
        LoadOptions options)
    {
        LoadCall.LoadFigures made = outcome.Files!;
        // Of three hours with four people 1,600, of which thirty come once, at the end.
        double writes = 30 + (1_570 * options.CallLength.TotalHours / 3 * options.Speakers / 4);
        Goal[] goals =
        [
            new("session: stop -> all files ready", made.StopToReady.TotalSeconds, 10, "s"),
            new("session: blob writes of files", made.BlobWrites, writes, "writes"),
            new("session: growth of the functions' memory from the second quarter to the last",
                MegaBytes(Median(outcome.FunctionsBytes, 0.75) - Median(outcome.FunctionsBytes, 0.25)), 64, "MB"),
        ];
        if (!options.Ffmpeg) return goals;
        double ffmpeg = await files.FfmpegAsync(outcome.Recording, outcome.Recording.Segments[0].Channels ?? 2);
        double renders = outcome.FunctionsSeconds - (moving * outcome.Recording.Segments.Count);
        Console.WriteLine(FormattableString.Invariant(
            $"  files: functions {outcome.FunctionsSeconds:F1} processor seconds, renders {renders:F1} of them; ffmpeg {ffmpeg:F1}"));
        return [.. goals, new Goal("session: processor time of the renders to ffmpeg's", renders / ffmpeg, 0.8, "times")];
    }

    // Of the quarter of the samples that begins there.
    private static long Median(IReadOnlyList<long> samples, double from)
    {
        long[] quarter = [.. samples.Skip((int)(samples.Count * from)).Take(Math.Max(1, samples.Count / 4)).Order()];
        return quarter[quarter.Length / 2];
    }

    private static IEnumerable<Goal> Growth(string name, ReplaySummary summary)
    {
        MemorySample[] steady = [.. summary.Memory.Where(sample => sample.Percent >= 10)];
        yield return new Goal($"{name}: growth of RSS between 10 % and 100 %",
            MegaBytes(steady.Max(sample => sample.Resident) - steady[0].Resident), 2, "MB");
        // Garbage goes up and down by 3 MB between two looks: what stays is the least of each half.
        int half = steady.Length / 2;
        yield return new Goal($"{name}: growth of the managed heap between 10 % and 100 %",
            MegaBytes(steady[half..].Min(sample => sample.ManagedHeap) - steady[..half].Min(sample => sample.ManagedHeap)), 1, "MB");
    }

    private static void Print(LoadCall.Outcome outcome, TimeSpan length)
    {
        Console.WriteLine(outcome.Summary);
        foreach (MemorySample sample in outcome.Summary.Memory)
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                $"  {sample.Percent,3} %  managed {MegaBytes(sample.ManagedHeap),7:F2} MB  native {MegaBytes(sample.Native),7:F2} MB  "
                + $"RSS {MegaBytes(sample.Resident),7:F2} MB"));
        foreach (VerifiedTrack track in outcome.Tracks)
            Console.WriteLine(
                FormattableString.Invariant(
                $"  {track.Username,-12} {track.Segments,6} segments {track.Audio.TotalSeconds,10:F2} s {track.Bytes,14} bytes"));
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
            $"  spool at most {MegaBytes(outcome.Summary.SpoolHighWaterBytes):F1} MB, functions at most "
            + $"{MegaBytes(outcome.FunctionsBytes.Max()):F1} MB RSS"));
        if (outcome.Operations.Count > 0)
            Console.WriteLine($"  an hour of it: {LoadCost.Of(outcome.Operations, outcome.Tracks.Sum(track => track.Bytes), length)}");
    }

    private static double MegaBytes(long bytes) => bytes / 1048576.0;
}

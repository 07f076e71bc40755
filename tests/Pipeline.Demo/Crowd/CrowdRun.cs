using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Contracts.Api;
using Pipeline.Demo.Call;
using Pipeline.Demo.Load;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Crowd;

/// <summary>
/// A crowd talks without pause in real time over a network that loses 2 % and jitters; the bot is the real process on a real
/// (simulated) call. Every packet that reached its socket must be in the recording's account, and its memory must stay flat.
/// </summary>
internal static partial class CrowdRun
{
    private const int Looks = 20;
    private static readonly TimeSpan LongestSegment = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static Task<int> RunAsync(CrowdOptions options) => Interruption.GuardAsync("crowd", async interruption =>
    {
        await using DemoStage stage = await DemoStage.StartAsync(
            new DemoOptions(Plain: true, Identity: false, Keep: false, DemoOptions.UsualJitter, Talks: 1), keepDeliveries: false);
        return await RunAsync(stage, options).WaitAsync(interruption.Stop);
    });

    private static async Task<int> RunAsync(DemoStage stage, CrowdOptions options)
    {
        Simulator discord = stage.Discord;
        List<SimulatedSpeaker> speakers = [.. Enumerable.Range(1, options.Speakers)
            .Select(number => discord.AddSpeaker($"Speaker {number}"))];
        DemoCall call = new(stage, []);
        await call.StartAsync(isPlain: true);
        List<long> resident = await TalkAsync(stage, speakers, options);
        await Task.Delay(TimeSpan.FromSeconds(3)); // for what is still on its way
        DemoCall.Stopped stopped = await call.StopAsync();
        RecordingDetails recording = await stage.Functions.Api.WaitUntilCompletedAsync(stopped.RecordingId, Patience);
        double stopToFinalized = TimeProvider.System.GetElapsedTime(stopped.StoppedAt).TotalSeconds;
        Goal[] goals = [.. Judge(discord, speakers, recording, resident, stopToFinalized, options.Length), .. MovedWithin(stage)];
        foreach (Goal goal in goals) Console.WriteLine(goal);
        return goals.All(goal => goal.Holds) ? 0 : 1;
    }

    private static async Task<List<long>> TalkAsync(DemoStage stage, List<SimulatedSpeaker> speakers, CrowdOptions options)
    {
        OpusClip[] clips = [.. new[] { "ada", "grace", "linus" }.Select(name =>
            OpusClip.Read(RepositoryRoot.Combine("tests", "speech", $"{name}.opus")))];
        long began = TimeProvider.System.GetTimestamp();
        // People do not begin in the same millisecond: they come in over the length of one segment, and so are their segments cut.
        Task talk = Task.WhenAll(
            speakers.Select((speaker, number) =>
            TalkAsync(speaker, clips[number % clips.Length], LongestSegment * number / speakers.Count, began, options.Length)));
        List<long> resident = [];
        for (int look = 1; look <= Looks; look++)
        {
            TimeSpan due = options.Length * look / Looks - TimeProvider.System.GetElapsedTime(began);
            if (due > TimeSpan.Zero) await Task.Delay(due);
            if (stage.Bot!.HasExited)
                throw new InvalidOperationException($"the bot has ended:\n{string.Join('\n', stage.Bot.Lines.TakeLast(20))}");
            resident.Add(ProcessMemory.Resident(stage.Bot!.Id));
            long delivered = stage.Discord.Deliveries.Count(DeliveryOutcome.Delivered, stage.Discord.Bot.Id);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                $"  {100 * look / Looks,3} %  {TimeProvider.System.GetElapsedTime(began):mm\\:ss}  {delivered,9} packets sent to the "
                + $"bot  RSS {resident[^1] / 1048576.0:F1} MB"));
        }
        await talk;
        return resident;
    }

    private static async Task TalkAsync(SimulatedSpeaker speaker, OpusClip clip, TimeSpan wait, long began, TimeSpan length)
    {
        await Task.Delay(wait);
        while (TimeProvider.System.GetElapsedTime(began) < length) await speaker.SayAsync(clip);
    }

    private static IEnumerable<Goal> Judge(Simulator discord, List<SimulatedSpeaker> speakers, RecordingDetails recording,
        List<long> resident, double stopToFinalized, TimeSpan length)
    {
        ulong bot = discord.Bot.Id;
        long delivered = 0, received = 0, worst = 0;
        foreach (SimulatedSpeaker speaker in speakers)
        {
            long sent = discord.Deliveries.Count(DeliveryOutcome.Delivered, bot, speaker.UserId)
                + discord.Deliveries.Count(DeliveryOutcome.Duplicate, bot, speaker.UserId);
            long heard = recording.Health.GetValueOrDefault(speaker.UserId.ToString(CultureInfo.InvariantCulture))?.GetValueOrDefault(
                "received") ?? 0;
            (delivered, received, worst) = (delivered + sent, received + heard, Math.Max(worst, sent - heard));
        }
        long dropped = discord.Deliveries.Count(DeliveryOutcome.Lost, bot);
        long unreachable = discord.Deliveries.Count(DeliveryOutcome.Unreachable, bot);
        Console.WriteLine(
            $"sent to the bot {delivered} packets, received {received}; the network lost {dropped}, {recording.SegmentCount} segments");
        // Within the first minute the bot does things for the first time.
        int steady = Math.Max(Looks / 10, (int)Math.Ceiling(Looks * (TimeSpan.FromMinutes(1) / length)));
        yield return new Goal("packets that reached the bot's socket and are not in its account", delivered - received, 0, "packets");
        yield return new Goal("of one speaker", worst, 0, "packets");
        yield return new Goal("packets that the bot could not be sent", unreachable, 0, "packets");
        yield return new Goal("speakers without a track", speakers.Count - recording.ParticipantCount, 0, "speakers");
        yield return new Goal("segments reported missing", recording.MissingSegments.Count, 0, "segments");
        if (steady < Looks)
            yield return new Goal("growth of RSS after the first tenth, or minute",
            (resident.Skip(steady - 1).Max() - resident[steady - 1]) / 1048576.0, 2, "MB");
        yield return new Goal("RSS", resident.Max() / 1048576.0, 60, "MB");
        yield return new Goal("stop -> finalized", stopToFinalized, 10, "s");
    }

    // The bot says of each segment how long after its close it was durable, the functions when it was moved.
    private static Goal[] MovedWithin(DemoStage stage)
    {
        Dictionary<string, double> durable = Latencies(stage.Bot!, Durable()), moved = Latencies(stage.Functions.Process, Moved());
        string[] keys = [.. moved.Keys.Where(durable.ContainsKey)];
        return
        [
            WithinASecond("segment closed -> durable", [.. keys.Select(key => durable[key])]),
            WithinASecond("segment ready -> moved", [.. keys.Select(key => moved[key] - durable[key])]),
        ];
    }

    private static Goal WithinASecond(string what, double[] seconds)
    {
        if (seconds.Length == 0) return new Goal($"{what}: none", double.PositiveInfinity, 1, "s");
        Array.Sort(seconds);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
            $"{what}: p50 {seconds[seconds.Length / 2]:F3} s, p95 {seconds[seconds.Length * 95 / 100]:F3} s, most {seconds[^1]:F3} s of "
            + $"{seconds.Length}"));
        return new Goal($"{what}, p95", seconds[seconds.Length * 95 / 100], 1, "s");
    }

    private static Dictionary<string, double> Latencies(ChildProcess process, Regex line)
    {
        Dictionary<string, double> seconds = [];
        foreach (Match match in process.Lines.Select(text => line.Match(text)).Where(match => match.Success))
        {
            seconds.TryAdd(match.Groups["segment"].Value, double.Parse(match.Groups["latency"].Value, CultureInfo.InvariantCulture) / 1000);
        }
        return seconds;
    }

    [GeneratedRegex(@"\[4003\] Uploaded segment (?<segment>\S+): .* (?<latency>-?\d+) ms after it was closed")]
    private static partial Regex Durable();

    [GeneratedRegex(@"\[5002\] Moved segment (?<segment>\S+): .* (?<latency>-?\d+) ms after it was closed")]
    private static partial Regex Moved();
}

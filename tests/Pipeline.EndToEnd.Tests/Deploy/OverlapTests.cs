using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// A deployment as a platform does it: the new revision starts, then the old one gets its SIGTERM, in the middle of a recording.
/// </summary>
[Collection(DeployCollection.Name)]
public sealed class OverlapTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(5);

    /// <summary>What a bot takes to start on a machine that is idle, and some more: where it takes longer, so does taking over.</summary>
    private static readonly TimeSpan UsualStart = TimeSpan.FromSeconds(3);

    /// <summary>Discord "Gateway", Sharding: one identify per 5 seconds; nobody deploys faster than that.</summary>
    private static readonly TimeSpan BetweenIdentifies = TimeSpan.FromSeconds(7);

    /// <summary>More than fit into the 10 s, those for other things than the shard included.</summary>
    private const int AsksInPatience = 115;

    /// <summary>The client tries again and gives up, and more than once.</summary>
    private const int FailedAsks = 8;

    private static readonly TimeSpan OneFrame = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(DaveMode.Off, Traits = ["Category", "Soak"])]
    [InlineData(DaveMode.Enforced)]
    [Trait("Category", "Long")]
    public async Task New_revision_stands_by_takes_over_and_the_recording_goes_on(DaveMode encryption)
    {
        bool encrypted = encryption == DaveMode.Enforced;
        Assert.SkipUnless(!encrypted || TalkingMember.HasClients, "run infra/setup.sh for the discord.js clients");
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 11, Dave = encryption });
        await using TalkingMember ada = await TalkingMember.JoinAsync(discord, encrypted);

        await using BotProcess first = BotProcess.Start(discord, azurite, functions, includeBots: encrypted);
        await first.UntilReadyAsync("ready");
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), Patience);
        SimulatedInteraction start = await AskAsync(discord, "record start", new Dictionary<string,
            object>
        { ["channel"] = discord.VoiceChannel });
        ada.Talk();

        await using BotProcess second = BotProcess.Start(discord, azurite, functions, includeBots: encrypted);
        long starting = TimeProvider.System.GetTimestamp();
        await second.UntilReadyAsync("standing by");
        TimeSpan limit = LongestGap * Math.Clamp(TimeProvider.System.GetElapsedTime(starting) / UsualStart, 1, 4);
        Assert.Equal(200, (await second.ProbeAsync("/healthz"))!.Value.Status);
        SimulatedInteraction during = await AskAsync(discord, "record status");
        await ListeningAsync(discord, TimeSpan.FromSeconds(8));
        await HandOverAsync(first, second);
        await ListeningAsync(discord, BetweenIdentifies);

        await using BotProcess third = BotProcess.Start(discord, azurite, functions, includeBots: encrypted);
        await third.UntilReadyAsync("standing by");
        await HandOverAsync(second, third);
        await ListeningAsync(discord, TimeSpan.FromSeconds(3));
        SimulatedInteraction after = await AskAsync(discord, "record status");
        SimulatedInteraction stop = await AskAsync(discord, "record stop");
        await ada.DisposeAsync();

        string id = Assert.Single(await functions.Api.ListAsync(discord.Guild.Id)).Id;
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, Patience);
        VerifiedTrack track = Assert.Single(await new RecordingVerifier(functions.Api)
            .VerifyAsync(recording, TestContext.Current.CancellationToken));
        TimeSpan[] pauses = Pauses(recording);
        string seconds = string.Join(", ", pauses.Select(pause => $"{pause.TotalSeconds:F2}"));
        TestContext.Current.SendDiagnosticMessage("{0} segments, {1:F1} s of audio, between them [s]: {2}", track.Segments,
            track.Audio.TotalSeconds, seconds);
        string logs = string.Join("\n--\n", new[] { first, second, third }.Select(bot => string.Join('\n', bot.Process.Lines)));
        Assert.True(pauses.All(pause => pause < limit), $"without audio [s]: {seconds}, allowed {limit.TotalSeconds:F2}\n{logs}");
        Assert.True(pauses.All(pause => pause >= -OneFrame), $"recorded twice [s]: {seconds}\n{logs}");
        Assert.Equal(2, recording.Gaps.Count(gap => gap.Reason == "takeover"));
        Assert.True(track.Audio > TimeSpan.FromSeconds(12), $"{track.Audio}");
        Assert.Empty(recording.MissingSegments);
        Assert.All(new[] { start, during, after, stop }, interaction => Assert.Equal(1, Answers(discord, interaction)));
    }

    /// <summary>
    /// A bot that stands by serves when the storage has not answered for 10 s, but it must not count from when it began to stand by.
    /// </summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Storage_that_does_not_answer_for_a_moment_makes_nobody_who_stands_by_serve_too()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        await using FaultProxy blobs = await FaultProxy.StartAsync(new Uri($"http://127.0.0.1:{azurite.BlobPort}"));
        Dictionary<string,
            string?> throughProxy =
            new() { ["PipelineStorage"] = Azurite.ConnectionStringThrough(blobs.Port, azurite.QueuePort, azurite.TablePort) };
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);
        await using Simulator discord = await Simulator.StartAsync();
        await using BotProcess first = BotProcess.Start(discord, azurite, functions);
        await first.UntilReadyAsync("ready");
        await using BotProcess second = BotProcess.Start(discord, throughProxy, functions, new Dictionary<string, string?>());
        await second.UntilReadyAsync("standing by");
        int asked = blobs.Passed;
        // It asks ten times a second at most, so by then it stands by for longer than it would wait for a storage.
        await Simulator.WaitUntilAsync(() => blobs.Passed > asked + AsksInPatience, Patience * 2);
        blobs.Cut();
        int cut = blobs.Spoiled;
        await Simulator.WaitUntilAsync(() => blobs.Spoiled > cut + FailedAsks, Patience);
        blobs.Mend();
        int passed = blobs.Passed;
        await Simulator.WaitUntilAsync(() => blobs.Passed > passed + 2 || second.Process.HasExited, Patience);
        Assert.DoesNotContain(second.Process.Lines, line => line.Contains("[4307]", StringComparison.Ordinal));
        Assert.Equal((200, "standing by"), await second.ProbeAsync("/readyz"));
        Assert.Equal((200, "ready"), await first.ProbeAsync("/readyz"));
    }

    [Fact]
    public async Task Health_command_tells_whether_the_bot_beside_it_lives()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);
        await using Simulator discord = await Simulator.StartAsync();
        await using BotProcess bot = BotProcess.Start(discord, azurite, functions);
        await bot.UntilReadyAsync("ready");
        Assert.Equal(0, await HealthAsync(bot));
        Assert.Equal(404, (await bot.ProbeAsync("/elsewhere"))!.Value.Status);
        Assert.Equal(0, await bot.TerminateAsync());
        Assert.Equal(1, await HealthAsync(bot));
    }

    /// <summary>The old one gets its SIGTERM; the new one has the recording.</summary>
    private static async Task HandOverAsync(BotProcess from, BotProcess to)
    {
        Assert.Equal(0, await from.TerminateAsync());
        await to.UntilReadyAsync("ready");
        await to.Process.WaitForLineAsync(line => line.Contains("[4102]", StringComparison.Ordinal), Patience);
    }

    private static async Task<int> HealthAsync(BotProcess bot)
    {
        await using ChildProcess health = BuiltProject.StartBot(["health"], bot.Settings);
        return await health.WaitForExitAsync(Patience);
    }

    private static async Task<SimulatedInteraction> AskAsync(Simulator discord, string command, Dictionary<string, object>? options = null)
    {
        SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, command,
            options);
        await Simulator.WaitUntilAsync(() => interaction.HasAnswer, Patience);
        return interaction;
    }

    /// <summary>For as long, by the simulator's clock, in which the speaker speaks.</summary>
    private static Task ListeningAsync(Simulator discord, TimeSpan duration)
    {
        TimeSpan until = discord.Elapsed + duration;
        return Simulator.WaitUntilAsync(() => discord.Elapsed >= until, Patience);
    }

    private static int Answers(Simulator discord, SimulatedInteraction interaction) =>
        discord.Requests.Count(request =>
            request.Path.Contains($"/interactions/{interaction.Id}/", StringComparison.Ordinal)
            && request.Path.Contains("/callback", StringComparison.Ordinal));

    /// <summary>Somebody talks all the time: what is not there was not heard. Below zero, two segments hold the same moment.</summary>
    private static TimeSpan[] Pauses(RecordingDetails recording)
    {
        RecordingSegment[] segments = [.. recording.Segments.OrderBy(segment => segment.AbsoluteStartTime)];
        return [.. segments.Zip(segments.Skip(1), (before, next) =>
            TimeSpan.FromMilliseconds(next.AbsoluteStartTime - before.AbsoluteEndTime))];
    }
}

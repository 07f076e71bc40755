using System.Diagnostics;
using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Hostile;

/// <summary>
/// A call at the simulated Discord with the real bot and functions as processes, whose storage can be cut off. The bots of one call share a
/// disk.
/// </summary>
internal sealed class HostileCall : IAsyncDisposable
{
    /// <summary>SHUTDOWN_GRACE of every bot.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    // What a stop needs beside the grace: leaving the call, the lease that cannot be given back, the process itself.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly FaultStage stage;
    private readonly List<ChildProcess> bots = [];

    private HostileCall(FaultStage stage, Simulator discord) =>
        (this.stage, Discord, Ada) = (stage, discord, discord.AddSpeaker("Ada", discord.VoiceChannel));

    public Simulator Discord { get; }
    public SimulatedSpeaker Ada { get; }
    public SimulatedMember Owner => Discord.Guild.Owner;
    public IReadOnlyList<string> SpooledAudio => stage.SpooledAudio();
    public string StateFolder => Path.Combine(stage.SpoolFolder, "state");

    public SimulatedMessage? Panel =>
        Discord.TextChannel.Messages.LastOrDefault(message => message.Text.Contains("Recording 0", StringComparison.Ordinal));

    public static async Task<HostileCall> StartAsync(Azurite azurite, int room)
    {
        FaultStage stage = await FaultStage.StartAsync(azurite, room);
        await stage.StartFunctionsAsync();
        return new HostileCall(stage, await Simulator.StartAsync(new SimulatorOptions { Seed = room, EnforceIdentifyPace = false }));
    }

    /// <summary>Starts a bot; when it is to be ready, also waits until it takes commands.</summary>
    public async Task<ChildProcess> StartBotAsync(bool waits = true)
    {
        ChildProcess bot = BuiltProject.StartBot(["run"], new Dictionary<string, string?>
        {
            ["PipelineStorage"] = stage.Spoiled,
            ["DISCORD_TOKEN"] = Discord.Bot.Token,
            ["DISCORD_API_BASE"] = Discord.ApiBaseUrl,
            ["DISCORD_CA_FILE"] = Discord.CertificateAuthorityFile,
            ["DISCORD_GUILD_ID"] = Discord.Guild.Id.ToString(CultureInfo.InvariantCulture),
            ["RecordingApi__BaseUrl"] = stage.Functions.BaseUrl.ToString(),
            ["RecordingApi__ApiKey"] = FunctionsApp.BotKey,
            ["RECORDING_SPOOL_FOLDER"] = stage.SpoolFolder,
            ["RECORDING_MAX_SEGMENT_DURATION"] = FaultStage.MaximumSegment.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["RECORDING_CHANNELS"] = "1",
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
            ["SHUTDOWN_GRACE"] = $"{Grace.TotalSeconds}s",
        });
        bots.Add(bot);
        if (waits) await UntilAsync(() => Discord.IsConnected(Discord.Bot) && Discord.HasCommand("record"));
        return bot;
    }

    public async Task<SimulatedInteraction> AskAsync(string command)
    {
        Dictionary<string, object> options = command is "record start" or "join" ? new() { ["channel"] = Discord.VoiceChannel } : [];
        SimulatedInteraction interaction = await Discord.Interactions.SlashCommandAsync(Owner, Discord.TextChannel, command, options);
        await UntilAsync(() => interaction.HasAnswer);
        return interaction;
    }

    /// <summary>Ada talks for so long, and then is quiet.</summary>
    public Task TalkAsync(double seconds) => Ada.SayAsync(OpusClip.Generate(5, TimeSpan.FromSeconds(seconds)));

    /// <summary>Seconds of Ada's voice that were sent to the bot, without the silence that ends each talk.</summary>
    public double SecondsSent => Discord.Deliveries.Delivered(Discord.Bot.Id, Ada.UserId).Count(packet => !packet.IsSilence) * 0.02;

    /// <summary>Being in the channel is not enough: the voice server sends to those that have chosen a cipher.</summary>
    public Task UntilHearsAsync() => UntilAsync(() => Discord.VoiceClient(Discord.Bot.Id) is { Mode: not null, IsConnected: true });

    public void CutStorage() => stage.Storage.ToList().ForEach(proxy => proxy.Cut());

    public void MendStorage() => stage.Storage.ToList().ForEach(proxy => proxy.Mend());

    public void SlowStorage(TimeSpan delay) => stage.Storage.ToList().ForEach(proxy => proxy.Delay = delay);

    /// <summary>SIGTERM: exit code 0, within the grace.</summary>
    public static async Task TerminateAsync(ChildProcess bot)
    {
        long since = Stopwatch.GetTimestamp();
        await bot.SignalAsync(15);
        int code = await bot.WaitForExitAsync(Patience);
        TimeSpan took = Stopwatch.GetElapsedTime(since);
        Assert.True(code == 0, $"exit code {code}:\n{string.Join('\n', bot.Lines.TakeLast(30))}");
        Assert.True(took < Grace + Margin, $"it took {took.TotalSeconds:F1} s to stop:\n{string.Join('\n', bot.Lines.TakeLast(30))}");
        Console.WriteLine(FormattableString.Invariant($"SIGTERM: gone after {took.TotalSeconds:F1} s"));
    }

    /// <summary>SIGKILL.</summary>
    public static async Task KillAsync(ChildProcess bot)
    {
        bot.Kill();
        await bot.WaitForExitAsync(Patience);
    }

    /// <summary>The recordings of the server, once all are completed.</summary>
    public async Task<IReadOnlyList<RecordingDetails>> CompletedAsync(int count)
    {
        IReadOnlyList<RecordingSummary> found = [];
        await UntilAsync(async () => (found = await stage.Functions.Api.ListAsync(Discord.Guild.Id)).Count == count);
        List<RecordingDetails> completed = [];
        foreach (RecordingSummary recording in found)
        {
            RecordingDetails details = await stage.Functions.Api.WaitUntilCompletedAsync(recording.Id, Patience);
            await new RecordingVerifier(stage.Functions.Api).VerifyAsync(details, TestContext.Current.CancellationToken);
            Assert.Empty(details.MissingSegments);
            Assert.Empty(details.UnverifiedUserIds);
            completed.Add(details);
        }
        return completed;
    }

    public static double Seconds(RecordingDetails recording) => recording.Segments.Sum(segment => segment.Duration) / 1000.0;

    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException(
                $"panel: {Panel?.Text}\n{string.Join("\n--\n", bots.Select(bot => string.Join('\n', bot.Lines.TakeLast(40))))}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    /// <summary>Nothing is left over, and no bot met what it did not expect.</summary>
    public async Task RequireCleanAsync()
    {
        await stage.RequireCleanAsync();
        foreach (string line in bots.SelectMany(bot => bot.Lines))
            Assert.False(line.Contains("Unhandled exception", StringComparison.Ordinal)
            || line.Contains("Z crit: ", StringComparison.Ordinal) || line.Contains("   at Pipeline.", StringComparison.Ordinal), line);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess bot in bots) await bot.DisposeAsync();
        await Discord.DisposeAsync();
        await stage.DisposeAsync();
    }
}

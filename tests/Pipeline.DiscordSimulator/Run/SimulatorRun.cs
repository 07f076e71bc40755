using System.Globalization;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Run;

/// <summary>One run from the command line: speakers in a channel, the settings printed, and perhaps a first /record start.</summary>
internal sealed class SimulatorRun(RunOptions options, TextWriter output)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken stop)
    {
        using StreamWriter? log = options.LogFile is null ? null : new StreamWriter(options.LogFile) { AutoFlush = true };
        using CancellationTokenSource quit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (options.For is { } limit)
            quit.CancelAfter(limit);
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions
        {
            Seed = options.Seed,
            Port = options.Port,
            Dave = options.Dave,
            LogWriter = log,
            ControlInterface = true,
            QuitRequested = quit.Cancel,
        });
        discord.Conditions = options.Loss == 0 && options.Jitter == TimeSpan.Zero
            ? MediaConditions.Perfect
            : MediaConditions.Lossy(options.Loss, options.Jitter);
        SimulatedChannel channel = options.OnStage ? discord.StageChannel : discord.VoiceChannel;
        foreach ((string name, OpusClip clip) in options.Speakers)
            discord.AddSpeaker(name, channel).Script = clip;

        try
        {
            foreach ((string name, OpusClip clip) in options.Peers)
                (await discord.AddPeerAsync(name, channel).WaitAsync(quit.Token)).Script = clip;
            await TellSettingsAsync(discord);
            await Task.WhenAll(TalkAsync(discord, quit.Token), StartRecordingAsync(discord, channel, quit.Token),
                Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, quit.Token));
        }
        catch (Exception) when (quit.IsCancellationRequested)
        {
            // A signal to the whole group ends clients and bot too, and what waited for them fails.
            await output.WriteLineAsync("# stopped");
        }
    }

    private async Task TellSettingsAsync(Simulator discord)
    {
        string[] settings =
        [
            $"DISCORD_TOKEN={discord.Bot.Token}",
            $"DISCORD_API_BASE={discord.ApiBaseUrl}",
            $"DISCORD_CA_FILE={discord.CertificateAuthorityFile}",
            $"DISCORD_GUILD_ID={discord.Guild.Id.ToString(CultureInfo.InvariantCulture)}",
            $"SIMULATOR_CONTROL={discord.ControlUrl}",
        ];
        await output.WriteLineAsync("# Set these and start the bot:");
        foreach (string setting in settings)
            await output.WriteLineAsync(setting);
        await output.FlushAsync();
        if (options.EnvironmentFile is { } path)
            await File.WriteAllLinesAsync(path, settings);
    }

    private async Task TalkAsync(Simulator discord, CancellationToken stop)
    {
        if (options.Talk == "asked")
            return;
        if (options.Talk == "joined")
            await UntilAsync(() => discord.VoiceClient(discord.Bot.Id)?.Mode is not null, stop);
        do
        {
            await output.WriteLineAsync($"# {discord.Elapsed.TotalSeconds:F1} s: everybody talks");
            await Task.WhenAll([
                .. discord.Speakers.Select(speaker => speaker.SayAsync(speaker.Script!)),
                .. discord.Peers.Select(peer => peer.SayAsync(peer.Script!)),
            ]).WaitAsync(stop);
        }
        while (options.Repeat && discord.Speakers.Count + discord.Peers.Count > 0);
        await output.WriteLineAsync("# everybody has spoken");
    }

    private async Task StartRecordingAsync(Simulator discord, SimulatedChannel channel, CancellationToken stop)
    {
        if (options.RecordStartAfter is not { } delay)
            return;
        await UntilAsync(() => discord.IsConnected(discord.Bot) && discord.HasCommand("record"), stop);
        await Task.Delay(delay, TimeProvider.System, stop);
        SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(
            discord.Guild.Owner, discord.TextChannel, "record start", new Dictionary<string, object> { ["channel"] = channel });
        await interaction.Answered.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, stop);
        await UntilAsync(() => !interaction.IsThinking, stop);
        await output.WriteLineAsync($"# /record start was answered: {interaction.Text.ReplaceLineEndings(" | ")}");
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken stop)
    {
        while (!condition())
            await Task.Delay(Glance, TimeProvider.System, stop);
    }
}

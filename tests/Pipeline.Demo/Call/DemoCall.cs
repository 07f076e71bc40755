using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Demo.Call;

/// <summary>From <c>/record start</c> to the Stop button.</summary>
internal sealed class DemoCall(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What the report needs to know of the call.</summary>
    internal sealed record Ended(string RecordingId, long StoppedAt, string PanelText,
        IReadOnlyList<(string Name, string? Code)> PrivacyCodes);

    /// <summary>When Stop was pressed, a timestamp of the system's clock.</summary>
    internal sealed record Stopped(string RecordingId, long StoppedAt);

    public async Task<Ended> RunAsync(DemoOptions options)
    {
        await StartAsync(options.Plain);
        Task talk = Task.WhenAll(voices.Select(voice => voice.TalkAsync(options.Talks)));
        await Task.Delay(TimeSpan.FromSeconds(12));
        DemoRun.Show("in the middle", Panel()!);
        List<(string, string?)> codes = [];
        foreach (DemoVoice voice in voices) codes.Add((voice.Name, await voice.PrivacyCodeAsync()));
        await talk;
        // The panel is edited every five seconds; this one knows the whole conversation.
        await Task.Delay(TimeSpan.FromSeconds(6));
        string middle = Panel()!.Text;
        Stopped stopped = await StopAsync();
        return new Ended(stopped.RecordingId, stopped.StoppedAt, middle, codes);
    }

    /// <summary>Starts as the server's owner does and waits until the bot hears.</summary>
    public async Task StartAsync(bool isPlain)
    {
        Simulator discord = stage.Discord;
        SimulatedInteraction start = await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "record start",
            new Dictionary<string, object> { ["channel"] = discord.VoiceChannel });
        await start.Answered.WaitAsync(Patience);
        await Simulator.WaitUntilAsync(() => !start.IsThinking, Patience);
        DemoRun.Say($"/record start was answered after {start.Latency?.TotalMilliseconds:F0} ms: {start.Text.ReplaceLineEndings(" ")}");
        await Simulator.WaitUntilAsync(() => Panel() is not null && IsListening(isPlain), Patience);
        DemoRun.Show("at the start", Panel()!);
    }

    public async Task<Stopped> StopAsync()
    {
        Simulator discord = stage.Discord;
        SimulatedMessage panel = Panel()!;
        string id = await RecordingIdAsync();
        long stopped = TimeProvider.System.GetTimestamp();
        SimulatedInteraction stop = await discord.Interactions.PressAsync(discord.Guild.Owner, panel, panel.ButtonWithLabel("Stop")!);
        await stop.Answered.WaitAsync(Patience);
        DemoRun.Say("Stop was pressed");
        return new Stopped(id, stopped);
    }

    public SimulatedMessage? Panel() =>
        stage.Discord.TextChannel.Messages.LastOrDefault(message => message.Versions.Any(version => version.CustomIds.Count > 0));

    private bool IsListening(bool isPlain)
    {
        Simulator discord = stage.Discord;
        if (discord.VoiceClient(discord.Bot.Id)?.Mode is null) return false;
        return isPlain || discord.Encryption(discord.VoiceChannel).Members.Count == voices.Count + 1;
    }

    private async Task<string> RecordingIdAsync() => (await stage.Functions.Api.ListAsync(stage.Discord.Guild.Id))[0].Id;
}

using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record start</c>, <c>/join</c>: records a voice channel.</summary>
internal sealed class StartCommand(GuildRecorders recorders, GuildSettingsStore settings, GatewayClient gateway, CommandRights rights)
    : ISlashCommand
{
    public IReadOnlyList<string> Names => ["start", "join"];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        StartAsync(context, context.Option("channel")?.Snowflake, context.Option("title")?.Text, cancellationToken);

    /// <summary>Starts in the named channel, or in the caller's; says what is missing when it cannot.</summary>
    public async Task StartAsync(CommandContext context, ulong? channelId, string? title, CancellationToken cancellationToken)
    {
        KnownSettings known = await settings.GetAsync(context.GuildId, cancellationToken);
        Guild? guild = gateway.Guilds.Find(context.GuildId);
        if (!StartChecks.MayRecord(guild, context.Caller, known.Settings))
        {
            await context.Answer.SendAsync(Texts.NoRight(known.Settings.RecorderRoleId), cancellationToken);
            return;
        }
        guild ??= new Guild { Id = context.GuildId };
        if (StartChecks.FindChannel(guild, channelId, context.CallerId, out string problem) is not { } channel)
        {
            await context.Answer.SendAsync(problem, cancellationToken);
            return;
        }
        if (!StartChecks.MayEnter(guild, context.Caller, channel.Id))
        {
            await context.Answer.SendAsync(Texts.MayNotEnter(channel.Id), cancellationToken);
            return;
        }
        GuildRecorder recorder = recorders.For(context.GuildId);
        ulong? panelChannel = context.Interaction.ChannelId ?? channel.Id;
        if (recorder.Current is null
            && StartChecks.WhatIsMissing(guild, channel, panelChannel.Value, gateway.SelfId, known.Announce, out panelChannel)
            is { } missing)
        {
            await context.Answer.SendAsync(CheckAgain(missing, channel.Id), cancellationToken);
            return;
        }
        StartOutcome outcome = await recorder.StartAsync(
            new StartCall(guild, channel, context.CallerId, title is null ? null : Shorten(title), panelChannel, known));
        bool isOutOfSight = outcome is { Started: false, Running: { } other } && !rights.MayEnter(context, other);
        await context.Answer.SendAsync(isOutOfSight ? new MessageBody { Content = Texts.BusyOutOfSight } : Describe(outcome, channel.Id),
            cancellationToken);
    }

    private static MessageBody Describe(StartOutcome outcome, ulong channelId)
    {
        if (outcome.Running is not { } running) return CheckAgain(outcome.Text, channelId);
        List<MessageComponent> buttons = [];
        if (running.Panel.Posted is { } posted) buttons.Add(MessageComponent.Link("Jump to panel", Jump(running.GuildId, posted)));
        if (!outcome.Started)
            buttons.Add(MessageComponent.Button("Stop", CustomIds.For(CustomIds.Stop, running.Session.RecordingId), ButtonStyle.Danger));
        return new MessageBody { Content = outcome.Text, Components = buttons.Count == 0 ? null : [MessageComponent.Row(buttons)] };
    }

    private static MessageBody CheckAgain(string text, ulong channelId) => new()
    {
        Content = text,
        Components = [MessageComponent.Row(
            MessageComponent.Button("Check again", CustomIds.For(CustomIds.CheckAgain, channelId.ToString(CultureInfo.InvariantCulture)),
            ButtonStyle.Primary))],
    };

    private static string Jump(ulong guildId, PostedPanel posted) =>
        string.Create(CultureInfo.InvariantCulture, $"https://discord.com/channels/{guildId}/{posted.ChannelId}/{posted.MessageId}");

    private static string Shorten(string title) => Wording.Cut(title, 100).Trim();
}

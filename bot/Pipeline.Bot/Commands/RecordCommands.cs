using System.Collections.Concurrent;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Dave.Codes;
using Pipeline.Dave.Session;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>The slash commands about a running recording; those about finished ones and settings are handed on.</summary>
internal sealed class RecordCommands(GuildRecorders recorders, LibraryCommands library)
{
    private const int MostPerWindow = 8;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ulong, UseCount> uses = new();

    private RecorderServices Services => recorders.Services;

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (TooFast(context.CallerId) is { } again)
        {
            await context.Answer.SendAsync(Texts.TooFast(again), cancellationToken);
            return;
        }
        string name = context.Interaction.Data?.Name ?? "";
        string sub = name == CommandDefinitions.Record ? context.Interaction.Data?.Options is [var first, ..] ? first.Name : "" : "";
        await ((name, sub) switch
        {
            (CommandDefinitions.Join, _) or (_, "start") => StartAsync(context, context.Option("channel")?.Snowflake, context.Option("title")?.Text, cancellationToken),
            (CommandDefinitions.Stop, _) or (_, "stop") => StopAsync(context, cancellationToken),
            (_, "status") => StatusAsync(context, cancellationToken),
            (_, "note") => NoteAsync(context, context.Option("text")?.Text, cancellationToken),
            (_, "pause") => PauseAsync(context, paused: true, cancellationToken),
            (_, "resume") => PauseAsync(context, paused: false, cancellationToken),
            (_, "me") => MeAsync(context, context.Option("choice")?.Text, cancellationToken),
            (_, "verify") => VerifyAsync(context, cancellationToken),
            _ => library.RunAsync(context, sub, cancellationToken),
        });
    }

    /// <summary>Starts in the named channel, or in the caller's; says what is missing when it cannot.</summary>
    internal async Task StartAsync(CommandContext context, ulong? channelId, string? title, CancellationToken cancellationToken)
    {
        KnownSettings settings = await Services.Settings.GetAsync(context.GuildId, cancellationToken);
        Guild? guild = Services.Gateway.Guilds.Find(context.GuildId);
        if (!StartChecks.MayRecord(guild, context.Caller, settings.Settings))
        {
            await context.Answer.SendAsync(Texts.NoRight(settings.Settings.RecorderRoleId), cancellationToken);
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
        if (recorder.Current is null && StartChecks.WhatIsMissing(guild, channel, panelChannel.Value, Services.Gateway.SelfId, settings.Announce, out panelChannel) is { } missing)
        {
            await context.Answer.SendAsync(CheckAgain(missing, channel.Id), cancellationToken);
            return;
        }
        StartOutcome outcome = await recorder.StartAsync(new StartCall(guild, channel, context.CallerId, title is null ? null : Shorten(title), panelChannel, settings));
        bool isOutOfSight = outcome is { Started: false, Running: { } other } && !MayEnter(context, other);
        await context.Answer.SendAsync(isOutOfSight ? new MessageBody { Content = Texts.BusyOutOfSight } : Describe(outcome, channel.Id), cancellationToken);
    }

    internal async Task StopAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } running)
        {
            await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
            return;
        }
        // Who began it may always end it.
        if (running.Session.StartedBy != context.CallerId && !await MayHandleAsync(context, running, cancellationToken)) return;
        StopOutcome? outcome = await recorders.For(context.GuildId).StopAsync(EndReason.Stopped, Texts.Interrupted(Wording.User(context.CallerId)));
        await context.Answer.SendAsync(outcome is null ? Texts.NothingToStop : outcome.Text, cancellationToken);
        if (outcome is { Delivered: false, Link: { } link } && outcome.Session.StartedBy == context.CallerId) await context.Answer.SendAsync(Texts.DmClosed(link), cancellationToken);
    }

    internal async Task NoteAsync(CommandContext context, string? text, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(text)) await context.Answer.SendAsync(Texts.EmptyNote, cancellationToken);
        else if (recorders.For(context.GuildId).Current is { } running && (IsInCall(context, running) || await MayHandleAsync(context, running, cancellationToken)))
        {
            await WithCurrentAsync(context, call => Texts.Noted(call.AddNote(context.CallerId, text)), cancellationToken);
        }
        else if (recorders.For(context.GuildId).Current is null) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
    }

    /// <summary>Why the form for a note is not opened, from what is known at once; null: it is. The right to note is looked at when it comes back.</summary>
    internal string? WhyNoNote(CommandContext context, string recording) => recorders.For(context.GuildId).Current switch
    {
        { } running when running.Session.RecordingId.ToString() == recording => MayEnter(context, running) ? null : Texts.OutOfSight,
        _ => Texts.ButtonOfThePast,
    };

    internal async Task PauseAsync(CommandContext context, bool paused, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } running) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (await MayHandleAsync(context, running, cancellationToken))
        {
            await WithCurrentAsync(context, call =>
            {
                if (call.IsPaused == paused) return paused ? Texts.AlreadyPaused : Texts.NotPaused;
                if (!call.SetPaused(paused, context.CallerId)) return Texts.NotNow;
                return paused ? Texts.Paused(Wording.User(context.CallerId)) : Texts.Resumed(Wording.User(context.CallerId));
            }, cancellationToken);
        }
    }

    /// <summary>Takes the caller out of this server's recordings, or back in; holds for a running one at once.</summary>
    internal async Task MeAsync(CommandContext context, string? choice, CancellationToken cancellationToken)
    {
        bool optOut = choice switch
        {
            "out" => true,
            "in" => false,
            _ => !Services.Settings.IsOptedOut(context.GuildId, context.CallerId),
        };
        await recorders.For(context.GuildId).SetOptOutAsync(context.CallerId, optOut);
        bool stored = await Services.Settings.PushAsync(context.GuildId, cancellationToken);
        await context.Answer.SendAsync(!optOut ? Texts.InNow : stored ? Texts.OutNow : Texts.OutNowSettingsAway, cancellationToken);
    }

    private async Task StatusAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } call) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (!MayEnter(context, call)) await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
        else await context.Answer.SendAsync(RecordingPanel.DrawPrivately(call.Draw()), cancellationToken);
    }

    private async Task VerifyAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } call) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (!MayEnter(context, call)) await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
        else await context.Answer.SendAsync(await Task.Run(() => CodesOf(call, context.Option("user")?.Snowflake), cancellationToken), cancellationToken);
    }

    // scrypt takes a tenth of a second: off the gateway's thread.
    private string CodesOf(RecordedCall call, ulong? userId)
    {
        DaveSnapshot encryption = call.Call.Encryption;
        List<string> lines = [CodesOf(encryption, userId)];
        if (encryption.Protection == DaveProtection.DowngradeAnnounced) lines.Add(Texts.DowngradeAnnounced);
        if (!encryption.Unannounced.IsEmpty) lines.Add(Texts.Unannounced(encryption.Unannounced));
        if (call.Host.Snapshot.Unencrypted is { IsEmpty: false } stretches) lines.Add(Texts.WasUnencrypted(stretches));
        return string.Join('\n', lines);
    }

    private string CodesOf(DaveSnapshot encryption, ulong? userId)
    {
        if (encryption.PrivacyCode.Length == 0) return Texts.VerifyNotActive;
        string callCode = Texts.CallCode(DisplayableCode.WithSpaces(encryption.PrivacyCode));
        DaveMember? own = encryption.Members.FirstOrDefault(member => member.UserId == Services.Gateway.SelfId);
        DaveMember? other = encryption.Members.FirstOrDefault(member => member.UserId == userId);
        if (own is null || other is null || own == other) return userId is { } who ? callCode + "\n" + Texts.NotInGroup(who) : callCode;
        string code = VerificationCode.Compute(own, other, ScryptKdf.Derive);
        return callCode + "\n" + Texts.PersonCode(other.UserId, DisplayableCode.WithSpaces(code));
    }

    private async Task WithCurrentAsync(CommandContext context, Func<RecordedCall, string> action, CancellationToken cancellationToken)
    {
        string? text = await recorders.For(context.GuildId).WithCurrentAsync(action);
        await context.Answer.SendAsync(text ?? Texts.NothingToStop, cancellationToken);
    }

    private bool IsInCall(CommandContext context, RecordedCall running) =>
        Services.Gateway.Guilds.Find(context.GuildId)?.VoiceStates.GetValueOrDefault(context.CallerId)?.ChannelId == running.ChannelId;

    private bool MayEnter(CommandContext context, RecordedCall running) =>
        StartChecks.MayEnter(Services.Gateway.Guilds.Find(context.GuildId), context.Caller, running.ChannelId);

    /// <summary>Those who may record, and the one who started, as long as they may enter the call.</summary>
    private async Task<bool> MayHandleAsync(CommandContext context, RecordedCall running, CancellationToken cancellationToken)
    {
        if (!MayEnter(context, running))
        {
            await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
            return false;
        }
        if (running.Session.StartedBy == context.CallerId) return true;
        KnownSettings settings = await Services.Settings.GetAsync(context.GuildId, cancellationToken);
        if (StartChecks.MayRecord(Services.Gateway.Guilds.Find(context.GuildId), context.Caller, settings.Settings)) return true;
        await context.Answer.SendAsync(Texts.NoRight(settings.Settings.RecorderRoleId), cancellationToken);
        return false;
    }

    private static MessageBody Describe(StartOutcome outcome, ulong channelId)
    {
        if (outcome.Running is not { } running) return CheckAgain(outcome.Text, channelId);
        List<MessageComponent> buttons = [];
        if (running.Panel.Posted is { } posted) buttons.Add(MessageComponent.Link("Jump to panel", Jump(running.GuildId, posted)));
        if (!outcome.Started) buttons.Add(MessageComponent.Button("Stop", CustomIds.For(CustomIds.Stop, running.Session.RecordingId), ButtonStyle.Danger));
        return new MessageBody { Content = outcome.Text, Components = buttons.Count == 0 ? null : [MessageComponent.Row(buttons)] };
    }

    private static MessageBody CheckAgain(string text, ulong channelId) => new()
    {
        Content = text,
        Components = [MessageComponent.Row(MessageComponent.Button("Check again", CustomIds.For(CustomIds.CheckAgain, channelId.ToString(System.Globalization.CultureInfo.InvariantCulture)), ButtonStyle.Primary))],
    };

    private static string Jump(ulong guildId, PostedPanel posted) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"https://discord.com/channels/{guildId}/{posted.ChannelId}/{posted.MessageId}");

    private static string Shorten(string title) => Wording.Cut(title, 100).Trim();

    /// <summary>When the caller may try again; null: now.</summary>
    internal DateTimeOffset? TooFast(ulong userId)
    {
        DateTimeOffset now = Services.Time.GetUtcNow();
        if (uses.Count > 10_000) uses.Clear();
        UseCount count = uses.AddOrUpdate(userId, _ => new UseCount(now, 1), (_, old) => now - old.Since > Window ? new UseCount(now, 1) : old with { Count = old.Count + 1 });
        return count.Count > MostPerWindow ? count.Since + Window : null;
    }

    private sealed record UseCount(DateTimeOffset Since, int Count);
}

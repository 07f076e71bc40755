using System.Globalization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Takes over recordings that another process left: joined again in the same channel and continued when humans are there and it is not
/// long past; closed otherwise.
/// </summary>
internal sealed class CallTakeover(GuildPeople people, UnownedRecordings unowned, GuildSettingsStore settings, RecordedCallFactory calls,
    LeftCallClosing closing, TimeProvider time, ILogger<GuildRecorder> log)
{
    /// <summary>Who comes back later than this finds another conversation.</summary>
    public static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(30);

    /// <param name="adopt">Makes it the guild's running recording.</param>
    /// <param name="join">Joins its channel, and keeps trying when that does not work at once; told what to do when it has.</param>
    public async Task RunAsync(RecordingCandidate candidate, Action<RecordedCall> adopt, Func<RecordedCall, Action<TimeSpan>, Task> join)
    {
        LeftCall left = new(candidate);
        SessionInfo session = candidate.Session;
        Guild guild = people.Find(session.GuildId) ?? new Guild { Id = session.GuildId, Name = session.GuildName };
        DateTimeOffset leftAt = session.StartedAt + SampleClock.ToTime(candidate.LastSample);
        GuildChannel? channel = guild.Channels.GetValueOrDefault(left.ChannelId);
        WhyClosed? why = time.GetUtcNow() - leftAt > LongestAbsence ? WhyClosed.LongPast
            : channel is null ? WhyClosed.NoChannel
            : people.In(guild, channel.Id).Any() ? null
            : WhyClosed.Nobody;
        if (why is { } reason)
        {
            await closing.CloseAsync(left, reason);
            return;
        }
        if (await unowned.TakeOverAsync(candidate, null, ticksByCaller: false, CancellationToken.None) is not { } host) return;
        host.GoOnIn(left.ChannelId);
        host.Properties[ManifestProperties.Bot] = people.SelfId.ToString(CultureInfo.InvariantCulture);
        // The disk that remembered them may be gone; the settings of this server get to know them again.
        settings.SetOptOuts(session.GuildId, host.Recording.Consent.OptedOut.Except(settings.OptedOut(session.GuildId))
            .Where(userId => !CallConsent.IsOutOfThisOnly(host.Ledger, userId)), optedOut: true);
        StartCall start = new(guild, channel!, session.StartedBy, session.Title, left.PanelChannel, settings.AtHand(session.GuildId),
            left.Part, left.Rule(people.SelfId));
        RecordedCall call = calls.Create(host, start, left.Posted);
        adopt(call);
        log.RecordingTakenOver(session.GuildId, session.RecordingId.ToString());
        await join(call, late =>
        {
            string text = WhatIsMissing(host, left.IsPlanned, leftAt, late);
            call.Messages.Say(text);
            call.Messages.TellStarter(text);
        });
    }

    /// <summary>Finishes one that cannot go on because something else is recorded already.</summary>
    public Task CloseAsync(RecordingCandidate candidate) => closing.CloseAsync(new LeftCall(candidate), WhyClosed.AnotherRuns);

    /// <param name="late">How long the call could not be joined since the recording was taken over: a gap of its own.</param>
    private static string WhatIsMissing(ActiveRecording host, bool isPlanned, DateTimeOffset leftAt, TimeSpan late) =>
        host.Absence is { } gap ? Texts.WentOn(isPlanned, host.Session.StartedAt + SampleClock.ToTime(gap.StartSample),
            SampleClock.ToTime(gap.SampleCount) + late)
        : Texts.WentOn(isPlanned, leftAt, late);
}

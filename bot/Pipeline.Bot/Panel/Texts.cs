using System.Globalization;
using Pipeline.Bot.Capture;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Panel;

/// <summary>
/// Every sentence that the bot says, in one place: what happened, what the bot does, what the reader can do. Pure; a change of
/// words touches nothing else.
/// </summary>
internal static class Texts
{
    // Answers that only the caller sees.
    public const string OnlyInServers = "Recording works inside a server only. Add me to one, and use the command there.";
    public const string NothingToStop = "No recording is running in this server.";
    public const string JoinFirst = "Join a voice channel first, or pick one in the `channel` option.";
    public const string Stopping = "Stopping. The last pieces are on their way; the panel tells when everything is stored.";
    public const string StoppingWithoutPanel = "Stopping. The last pieces are on their way.";
    public const string NoteTaken = "Noted.";
    public const string OutNow =
        "You are not recorded from now on. Your track stays silent. `/record me` takes you back in. What of you was not stored yet is "
        + "deleted; what was stored before stays.";
    public const string InNow = "You are recorded from now on. `/record me` takes you out again.";
    public const string InNowUnlessAsked =
        "You are no longer opted out. Your voice is kept only after you press *I agree*. `/record me` takes you out again.";
    public const string InNowButErased =
        "You are no longer opted out, from the next recording on: you are erased from the running one and stay out of it. `/record me` "
        + "takes you out again.";
    public const string OutNowSettingsAway = OutNow
        + " The list of this server's settings is away at the moment; I remember it here and write it there as soon as it is back.";
    public const string NothingRecordedYet = "No recording of this server is stored yet.";
    public const string DeleteKept = "Nothing was deleted.";
    public const string UnknownCommand = "I do not know this command. Discord may still show an old list; try again in a minute.";
    public const string ButtonOfThePast = "This recording is over.";
    public const string SomethingBroke =
        "Something went wrong on my side. A running recording is not touched by this; try the command again.";
    public const string ApiAway =
        "The list of finished recordings is not reachable at the moment. Running recordings do not need it; try again in a minute.";
    public const string WrongLink = "I know no such recording in this server. `/record list` shows them.";
    public const string AlreadyPaused = "The recording is paused already. `/record resume` goes on.";
    public const string NotPaused = "The recording is not paused.";
    public const string SettingsNeedManageServer = "Only members with the *Manage Server* permission can change or see the settings.";
    public const string DeleteNeedsRight =
        "Only the one who started a recording, or a member with the *Manage Server* permission, can delete it.";
    public const string NotNow = "I am too busy to do that at the moment, and nothing has changed. Try again in a second.";
    public const string EmptyNote = "A note needs some text.";
    public const string OutOfSight =
        "A recording is running in a channel that you may not enter, so it is not for you to see or change. *Don't record me* and "
        + "`/record me` still work.";
    public const string BusyOutOfSight =
        "I am busy in a channel that you may not enter. A bot can be in one voice channel of a server at a time; try again later, or let "
        + "a second bot, with a token of its own, record here too.";
    public const string StopBeforeDelete = "This recording is still running. Stop it first.";
    public const string VerifyNotActive = "This call is not end-to-end encrypted, so there is nothing to compare.";

    // In the channel.
    public static readonly string TooManySpeakers =
        $"More than {Wording.Number(Recording.TrackCapacity)} people have spoken, as many as one recording can hold. Who speaks for the "
            + $"first time now is not recorded; it is marked as a gap.";

    public const string NobodyHeard = "I hear nobody yet. Is everyone muted? I keep listening.";
    public const string Deafened = "I am deafened by the server and hear nothing. Undeafen me to go on; the recording keeps running.";
    public const string EncryptionBroken =
        "Audio arrives that I cannot decrypt, and neither new keys nor joining again has helped. I keep trying; leaving the call and "
        + "joining it again, for everybody, may help.";
    public const string PanelUnencrypted = "⚠️ unencrypted: not end-to-end encrypted";
    public const string PanelDowngradeAnnounced = "⚠️ unencrypted audio is accepted: Discord has announced that encryption ends";
    public const string DowngradeAnnounced =
        "Discord announces that end-to-end encryption ends. For a few seconds I accept unencrypted audio too, from members of the "
        + "encrypted group only. The recording marks it.";
    public const string DowngradeLapsed =
        "The announced end of encryption did not come. Unencrypted audio is refused again; the recording marks the time between.";
    public const string Downgraded =
        "This call is **not end-to-end encrypted** any more: somebody in it cannot encrypt, or the voice server has switched it off. I "
        + "go on recording; the recording marks it.";
    public const string EncryptedAgain = "This call is end-to-end encrypted again.";
    public const string Undeafened = "I can hear again. The gap is marked in the recording.";
    public const string Alone = "Everybody has left. I stay for a while in case somebody comes back.";
    public const string NobodyCame = "Nobody is in the call yet. I wait for a while.";

    public static string NoRight(ulong? role) => role is { } id
        ? $"You need the *Manage Server* permission or the role {Wording.Role(id)} to record. Ask an admin of this server."
        : "You need the *Manage Server* permission to record. An admin can allow a role with `/record settings`.";

    public static string MayNotEnter(ulong channel) =>
        $"You may not enter {Wording.Channel(channel)}, so you cannot record it. It takes *View Channel* and *Connect* there; ask an "
            + $"admin of this server.";

    public static string WrongChannel(ulong channel) => $"{Wording.Channel(channel)} is not a voice or stage channel.";

    public static string MissingPermissions(IEnumerable<string> missing, ulong channel) =>
        $"I am missing: {string.Join(", ", missing.Select(name => $"*{name}*"))} in {Wording.Channel(channel)}. Switch them on for my "
            + $"role, then press *Check again*.";

    public static string ChannelFull(ulong channel) =>
        $"{Wording.Channel(channel)} is full. Free one place or raise the limit, then press *Check again*.";

    /// <param name="channel">Where it runs now: it may have been moved since its start.</param>
    public static string AlreadyRecording(SessionInfo session, ulong channel) =>
        $"A recording is already running in {Wording.Channel(channel)} since {Wording.Time(session.StartedAt)}, started by "
            + $"{Wording.User(session.StartedBy)}.";

    public static string BusyElsewhere(SessionInfo session, ulong channel) =>
        $"I am busy in {Wording.Channel(channel)} since {Wording.Time(session.StartedAt)}. A bot can be in one voice channel "
            + $"of a server at a time; stop there first, or let a second bot, with a token of its own, record here too.";

    public static string TooFast(DateTimeOffset again) => $"Easy. Try again {Wording.Relative(again)}.";

    public static string Maintenance(DateTimeOffset again) =>
        $"I am being restarted. A running recording goes on by itself; try this again {Wording.Relative(again)}.";

    public static string CouldNotJoin(ulong channel, string reason) =>
        $"I could not join {Wording.Channel(channel)}: {reason}. Nothing is being recorded.";

    public static string CouldNotStart(string reason) => $"The recording did not start: {reason}. Nothing is being recorded.";

    public static string Started(ulong channel) => $"Recording {Wording.Channel(channel)}.";

    public static string NoPanel(ulong channel) =>
        $"Recording {Wording.Channel(channel)}, but I may not write messages where the panel should be. `/record status` shows it to you.";

    public static string CallCode(string code) =>
        $"The code of this call is `{code}`. It is the same for everybody in it: call details, *Privacy Code*.";

    public static string Unannounced(IEnumerable<ulong> users) =>
        $"In the encrypted group, but not shown by Discord in this call: {Wording.Users(users)}.";

    public static string WasUnencrypted(IReadOnlyList<SampleStretch> stretches)
    {
        IEnumerable<string> shown = stretches.TakeLast(5)
            .Select(one => $"{Wording.Position(one.StartSample)} to {Wording.Position(one.StartSample + one.SampleCount)}");
        return $"Not end-to-end encrypted in this recording: "
            + $"{string.Join(", ", shown)}{(stretches.Count > 5 ? $", and {stretches.Count - 5} earlier stretches" : "")}.";
    }

    public static string PersonCode(ulong user, string code) =>
        $"The code of {Wording.User(user)} and me is `{code}`. {Wording.User(user)} sees the same one for me: my profile in the call, "
        + $"*Verify*.";

    public static string NotInGroup(ulong user) =>
        $"{Wording.User(user)} is not in the encrypted group of this call at the moment, so there is no code to compare.";

    public static string Paused(string by) => $"Paused by {by}. Nothing is kept until it goes on.";

    public static string Resumed(string by) => $"Resumed by {by}.";

    public static string Noted(NoteOutcome outcome) => outcome switch
    {
        NoteOutcome.Taken => NoteTaken,
        NoteOutcome.TooManyOfOne =>
            $"You have set {GapLog.MostNotesOfOne} notes in this recording, as many as one person can. This one was not kept.",
        _ => $"This recording has {Wording.Number(GapLog.MostNotes)} notes, as many as fit. This one was not kept.",
    };

    public static string Transcript(TranscriptState state) => state.Problem is { } problem
        ? $"Text up to {Wording.Position(state.UpToSample)}. {char.ToUpperInvariant(problem[0])}{problem[1..]}."
        : $"Text up to {Wording.Position(state.UpToSample)}.";

    public static string SpokenNote(string by, string text) => $"Note by {by}: {text}";

    public static string DmClosed(string links) => $"I could not send you a direct message. Your link is here.\n{links}";

    // Notices.
    public static string Notice(ulong startedBy, ulong channel, ConsentMode mode, AutoRecordRule? rule = null) =>
        $"**This call is being recorded.** {WhoStarted(startedBy, channel, rule)} {ConsentTexts.Of(mode)}";

    public static string Announced(ulong startedBy, AutoRecordRule? rule = null) =>
        $"Started by {(rule is null ? "" : "the rule of ")}{Wording.User(startedBy)} and announced.";

    private static string WhoStarted(ulong startedBy, ulong channel, AutoRecordRule? rule) => rule is null
        ? $"{Wording.User(startedBy)} started it in {Wording.Channel(channel)}."
        : $"{Wording.User(startedBy)} has set that {Wording.Channel(channel)} is recorded when "
            + $"{Wording.Count(rule.People, "person is", "people are")} in it.";

    /// <param name="most">So many are named.</param>
    public static string OptedOut(IReadOnlyCollection<ulong> users, int most = int.MaxValue) => Wording.Users(users, most)
        + (users.Count == 1 ? " is not recorded. Their track stays silent." : " are not recorded. Their tracks stay silent.");

    // Warnings.
    public static string NotHeard(ulong user) =>
        $"{Wording.User(user)} is unmuted but I receive no sound from them. A quick leave and re-join usually mends it.";

    public static string Quiet(TimeSpan length) =>
        (length.TotalMinutes is >= 4.5 and < 5.5 ? "Five" : length.TotalMinutes.ToString("F0", CultureInfo.InvariantCulture))
        + " minutes of silence. I continue; press Stop if you are done.";

    public static string PoorLine(double lostPercent) => string.Create(CultureInfo.InvariantCulture,
        $"The line to the voice server is poor ({lostPercent:F0} % lost). Another voice region may help: channel settings, *Region "
            + $"Override*.");

    public static string Undecodable(IEnumerable<ulong> users, TimeSpan length) =>
        $"I cannot decode {Wording.Users(users)} for {Wording.Seconds(length)} s. I ask for new keys, and "
            + $"join again "
            + $"if that does not help; the recording goes on.";

    public static string Reconnecting(DateTimeOffset at, string safe) =>
        $"Connection lost at {Wording.Time(at)}. Trying again. Everything up to {safe} is stored.";

    public static string Reconnected(TimeSpan gap) => $"Back after {Wording.Seconds(gap)} s. The gap is marked in the recording.";

    /// <param name="at">The position of the end. What was heard until then is on a disk or stored: the panel tells which.</param>
    public static string GaveUp(int tries, string reason, string at) =>
        $"I could not come back after {Wording.Count(tries, "try", "tries")}: {reason}. The recording ended at {at}; what was heard "
            + $"until then "
            + $"is kept. `/record start` begins a new one.";

    public static string CannotComeBack(string reason, string at) =>
        $"I was put out of the call: {reason}. The recording ended at {at}; what was heard until then is kept. `/record start` "
            + $"begins a new one.";

    public static string Moved(ulong channel) => $"I was moved to {Wording.Channel(channel)} and go on recording there.";

    public static string MovedOutOfReach(ulong channel) => Moved(channel)
        + " Not everybody who reads this may enter there: the links to this recording open it no more, and the panel shows none. "
        + "`/record link` makes one for those who may.";

    public static string Kicked(string at) =>
        $"I was disconnected by a moderator. The recording ended at {at}; what was heard until then is kept.";

    public static string ChannelDeleted(string at) =>
        $"The channel was deleted. The recording ended at {at}; what was heard until then is kept.";

    public static string RemovedFromServer(string at) =>
        $"I was removed from the server. The recording ended at {at}; what was heard until then is kept.";

    /// <param name="cameBack">Somebody had been there before.</param>
    public static string EndedEmpty(TimeSpan wait, bool cameBack) =>
        $"Nobody came{(cameBack ? " back" : "")} for {Wording.Seconds(wait)} s. I stopped the recording.";

    public static string MadeWay(ulong channel) =>
        $"Everybody has left, and {Wording.Channel(channel)} is to be recorded now. I stopped the recording here.";

    public static string LimitNear(TimeSpan left)
    {
        long minutes = Math.Max(1, (long)Math.Round(left.TotalMinutes));
        return $"{Wording.Count(minutes, "minute")} {(minutes == 1 ? "is" : "are")} left before the limit of this recording.";
    }

    /// <param name="part">Of the recording that follows; null: nobody is there, and none does.</param>
    public static string LimitReached(TimeSpan limit, int? part) => string.Create(CultureInfo.InvariantCulture,
        $"The limit of {limit.TotalHours:0.##} h is reached. This recording is closed and kept; ")
        + (part is { } next ? $"part {next} goes on in a new one." : "nobody is here, so no new one begins.");

    /// <param name="planned">The process before was told to stop; otherwise it crashed.</param>
    /// <param name="missing">Zero: another of us had taken over at once.</param>
    public static string WentOn(bool planned, DateTimeOffset at, TimeSpan missing)
    {
        string what = $"{(planned ? "I was restarted" : "My host failed")} at {Wording.Time(at)}.";
        return Math.Round(missing.TotalSeconds) < 1 ? $"{what} I went on in the same recording; nothing is missing."
            : $"{what} I was back {Wording.Seconds(missing)} s later in the same recording; {Wording.Seconds(missing)} s are "
                + $"missing and marked.";
    }

    public static string EndedWhileAway(bool planned, DateTimeOffset at, WhyClosed why)
    {
        string reason = why switch
        {
            WhyClosed.LongPast => "I was not back within half an hour",
            WhyClosed.NoChannel => "the channel was gone when I was back",
            WhyClosed.AnotherRuns => "another recording was running here when I was back",
            _ => "nobody was in the channel when I was back",
        };
        return $"{(planned ? "I was restarted" : "My host failed")} at {Wording.Time(at)} and {reason}. The recording ended there; "
            + $"what was heard "
            + $"until then is kept.";
    }

    public static string UploadDelayed(TimeSpan waiting) =>
        $"Storage is slow. {Wording.Seconds(waiting)} s wait on my disk; nothing is lost.";

    /// <param name="awaitsOptOuts">Nothing may leave it.</param>
    public static string SpoolFull(bool awaitsOptOuts) => awaitsOptOuts
        ? "My disk is full, and nothing may leave it before I know who does not want to be recorded: new speech cannot be kept until "
            + "then. The gap is marked."
        : "My disk is full: new speech cannot be kept until there is room. The gap is marked.";

    public const string AwaitsOptOuts =
        "The list of those who do not want to be recorded is not reachable, and I never had it. Everything waits on my disk until I have "
        + "it; what is theirs is deleted then and never uploaded.";

    // After the recording.
    /// <param name="pending">Pieces that are not with the storage yet: only without any is it stored.</param>
    /// <param name="opensNow">There is a link that opens what is there already.</param>
    public static string Ended(SessionInfo session, TimeSpan length, int people, int pending, bool opensNow)
    {
        string what = $"Your recording of {Wording.Channel(session.ChannelId)} in **{Wording.Plain(session.GuildName, 80)}**";
        string figures = $"{Wording.Clock(length)}, {Wording.Count(people, "voice")}.";
        if (pending == 0) return $"{what} is stored: {figures}";
        string rest = $"{Wording.Count(pending, "piece")} {(pending == 1 ? "is" : "are")} still on the way.";
        return $"{what} has ended: {figures} {rest}{(opensNow ? " The link opens it already; the rest appears by itself." : "")}";
    }

    public static string FilesAreMade(int percent) => $"Tracks and mix are being made: {percent} %.";

    /// <param name="until">When the link ends; null: it has no end, or there is none.</param>
    public static string FilesReady(int tracks, bool hasMix, DateTimeOffset? until)
    {
        string what = tracks == 0 ? "A mix is" : !hasMix ? $"{Wording.Count(tracks, "track")} {(tracks == 1 ? "is" : "are")}"
            : $"{Wording.Count(tracks, "track")} and a mix are";
        return $"{what} ready.{(until is { } end ? " " + OpensUntil(end) : "")}";
    }

    public static string OpensUntil(DateTimeOffset end) => $"The link opens it until {Wording.Date(end)}.";

    public static string Missing(int pieces) =>
        $"{Wording.Count(pieces, "piece")} never arrived and {(pieces == 1 ? "is" : "are")} named in the recording.";

    public static string Gone(DateTimeOffset recordedAt) => $"The recording of {Wording.Date(recordedAt)} is deleted or has expired.";

    public static string ConfirmDelete(RecordingSummary recording) =>
        $"Delete the recording of {Wording.Date(recording.RecordedAt)} ({Length(recording)}{Voices(recording)}) for good? Nobody can bring "
            + "it back.";

    public static string Deleted(string who) => $"The recording was deleted by {who}.";

    public static string BeingDeleted(string who, int remainingFiles)
    {
        string left = remainingFiles > 0
            ? $" {Wording.Count(remainingFiles, "file")} still {(remainingFiles == 1 ? "has" : "have")} to go; this needs nothing more "
            + $"from you." : "";
        return $"The recording is being deleted by {who} and can no longer be opened.{left}";
    }

    public static string Listed(RecordingSummary recording, string link)
    {
        string channel = ulong.TryParse(recording.ChannelId, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
            ? Wording.Channel(id) : "a call";
        string title = string.IsNullOrWhiteSpace(recording.Title) ? "" : $" **{Wording.Plain(recording.Title, 60)}**";
        return $"{Wording.Date(recording.RecordedAt)}{title} {channel} {Length(recording)}{Voices(recording)}"
            + $"{KeepTexts.ShortDay(recording)}{(link.Length == 0 ? "" : $": {link}")}\n`{recording.Id}`";
    }

    public const string ListHint = "`/record link` opens one of them.";

    /// <param name="number">Of the list's entry.</param>
    public static string LinkButton(int number) => $"Link {Wording.Number(number)}";

    public static string LinksEnded(int count) => $"{Wording.Count(count, "earlier link")} no longer {(count == 1 ? "opens" : "open")} it.";

    // They are counted when it is finished.
    private static string Voices(RecordingSummary recording) =>
        recording.Status == RecordingStatus.Live ? "" : $", {Wording.Count(recording.ParticipantCount, "voice")}";

    public static string Length(RecordingSummary recording) => recording.Status switch
    {
        RecordingStatus.Live => "running, or not all stored yet",
        RecordingStatus.Processing => "being stored",
        RecordingStatus.Failed => "empty",
        _ => Wording.Clock(TimeSpan.FromMilliseconds(recording.Duration ?? 0)),
    };

    public static string Settings(KnownSettings known, int optedOut) =>
        $"**Who may record:** members with *Manage Server*{(known.Settings.RecorderRoleId is { } id ? $" and {Wording.Role(id)}" : "")}\n"
        + $"**Notice:** {Describe(known.Announce)}\n"
        + $"**Consent:** {ConsentTexts.Describe(known.Consent)}\n"
        + $"**Recordings are kept:** {KeepTexts.Describe(known.Settings.KeepDays)}\n"
        + $"**Not recorded by their own wish:** {Wording.Count(optedOut, "person", "people")}"
        + (!known.IsLastKnown ? "" : known.WereHeard ? "\nThe settings are not reachable at the moment; this is what I knew last."
            : "\nThe settings are not reachable, and I never heard them: until I do, I take it that people are to be asked.");

    public static string SettingsSaved(bool stored) =>
        stored ? "Saved." : "Kept here; I write it to the settings as soon as they are reachable.";

    public static string Describe(AnnounceMode mode) => mode switch
    {
        AnnounceMode.Name => "my name shows that I record",
        AnnounceMode.Text => "a message in the channel",
        _ => "my name and a message in the channel",
    };

    public static string Interrupted(string by) => $"The recording was stopped by {by}.";
}

/// <summary>Why a recording that an earlier process left does not go on.</summary>
internal enum WhyClosed
{
    /// <summary>Its channel is empty.</summary>
    Nobody,

    /// <summary>Who comes back now has another conversation.</summary>
    LongPast,
    NoChannel,

    /// <summary>Of the same server; a bot can be in one call of it at a time.</summary>
    AnotherRuns,
}

using Pipeline.Bot.AutoRecord;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Retention;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Tests.Panel;

/// <summary>One row per event: consent, keeping, erasure, rules, the bot itself, and how recordings and calls end.</summary>
internal static class PeopleTexts
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch.AddSeconds(60);
    private static readonly RecordingSummary Recording = Guilds.RecordingApiStandIn.Finished("rec-1", "s-1", 1, 3) with { DeletesAt = At };
    private static readonly AutoRecordRule Rule = new() { ChannelId = 2, BotId = 9, People = 2, SetBy = 3 };

    public static TextRow[] Rows =>
    [
        new("ConsentTexts.AgreeButton", "the panel, where voices are kept of those alone who agree",
            ConsentTexts.AgreeButton,
            "I agree"),
        new("ConsentTexts.EraseButton", "the panel, where people are asked",
            ConsentTexts.EraseButton,
            "Stop and erase me"),
        new("ConsentTexts.OptOutButton", "every panel",
            ConsentTexts.OptOutButton,
            "Don't record me"),
        new("ConsentTexts.OptedOutElsewhere", "the ledger, of an opt-out by the settings",
            ConsentTexts.OptedOutElsewhere,
            "Server settings"),
        new("ConsentTexts.Required", "the notice, where people must agree",
            ConsentTexts.Required,
            "Your voice is kept only after you press *I agree*; until then nothing of it is stored. Agreed voices "
                + "are kept as a track each, and those who may record in this server get them. *Don't record me* takes "
                + "it back for what comes."),
        new("ConsentTexts.Ask", "the notice, where people are asked",
            ConsentTexts.Ask,
            "Every voice is kept as a track of its own; those who may record in this server get it. *Stop and "
                + "erase me* ends that for you and erases what this recording has of you."),
        new("ConsentTexts.Off", "the notice, where nobody is asked",
            ConsentTexts.Off,
            "Every voice is kept as a track of its own; those who may record in this server get it. Do you not "
                + "want to be in it? Press *Don't record me* or use `/record me`; your track stays silent then."),
        new("ConsentTexts.AgreedNow", "I agree",
            ConsentTexts.AgreedNow,
            "You have agreed: you are recorded from now on in this recording. *Don't record me* or `/record me` "
                + "takes it back."),
        new("ConsentTexts.AgreedBefore", "I agree, once more",
            ConsentTexts.AgreedBefore,
            "You have agreed already. *Don't record me* or `/record me` takes it back."),
        new("ConsentTexts.NothingToAgree", "I agree on an old panel, where nobody is asked",
            ConsentTexts.NothingToAgree,
            "This recording asks for no agreement."),
        new("ConsentTexts.OptedOutBefore", "I agree by somebody who has opted out",
            ConsentTexts.OptedOutBefore,
            "You have asked not to be recorded in this server. `/record me` takes that back; then press *I agree* "
                + "again."),
        new("ConsentTexts.ErasedBefore", "I agree by somebody who was erased",
            ConsentTexts.ErasedBefore,
            "You are erased from this recording and stay out of it. The next one can have you again."),
        new("ConsentTexts.NobodyAgreed", "people talk and none of them has agreed",
            ConsentTexts.NobodyAgreed,
            "Nobody here has agreed to be recorded yet, so nothing is kept. Press *I agree* to be in it."),
        new("ConsentTexts.Of", "the notice with consent Required",
            ConsentTexts.Of(ConsentMode.Required),
            "Your voice is kept only after you press *I agree*; until then nothing of it is stored. Agreed voices "
                + "are kept as a track each, and those who may record in this server get them. *Don't record me* takes "
                + "it back for what comes."),
        new("ConsentTexts.Of", "the notice with consent Ask",
            ConsentTexts.Of(ConsentMode.Ask),
            "Every voice is kept as a track of its own; those who may record in this server get it. *Stop and "
                + "erase me* ends that for you and erases what this recording has of you."),
        new("ConsentTexts.Of", "the notice with consent Off",
            ConsentTexts.Of(ConsentMode.Off),
            "Every voice is kept as a track of its own; those who may record in this server get it. Do you not "
                + "want to be in it? Press *Don't record me* or use `/record me`; your track stays silent then."),
        new("ConsentTexts.Describe", "settings with consent Required",
            ConsentTexts.Describe(ConsentMode.Required),
            "a voice is kept only after its owner has pressed *I agree*"),
        new("ConsentTexts.Describe", "settings with consent Ask",
            ConsentTexts.Describe(ConsentMode.Ask),
            "everybody gets a button that stops and erases them"),
        new("ConsentTexts.Describe", "settings with consent Off",
            ConsentTexts.Describe(ConsentMode.Off),
            "people are told, and may say no"),
        new("ConsentTexts.Late", "somebody comes, consent Required",
            ConsentTexts.Late([3, 4], ConsentMode.Required),
            "<@3>, <@4>: this call is being recorded. You are not in it unless you press *I agree*."),
        new("ConsentTexts.Late", "somebody comes, consent Ask",
            ConsentTexts.Late([3, 4], ConsentMode.Ask),
            "<@3>, <@4>: this call is being recorded. Press *Stop and erase me* to be out of it."),
        new("ConsentTexts.Late", "somebody comes, consent Off",
            ConsentTexts.Late([3, 4], ConsentMode.Off),
            "<@3>, <@4>: this call is being recorded. Press *Don't record me* or use `/record me` to stay out of "
                + "it."),
        new("ConsentTexts.Late", "more come than are named",
            ConsentTexts.Late([3, 4, 5], ConsentMode.Ask, most: 1),
            "<@3> and 2 more: this call is being recorded. Press *Stop and erase me* to be out of it."),
        new("KeepTexts.Kept", "keep",
            KeepTexts.Kept,
            "The recording is kept; it is not deleted by its age any more. `/record delete` deletes it."),
        new("KeepTexts.NoDay", "keep of one that has no day",
            KeepTexts.NoDay,
            "That recording has no day on which it is deleted; it is kept anyway."),
        new("KeepTexts.NeedsRight", "keep by somebody else",
            KeepTexts.NeedsRight,
            "Only the one who started a recording, or a member with the *Manage Server* permission, can keep it."),
        new("KeepTexts.Day", "the end of one that has a day",
            KeepTexts.Day(Recording),
            " It is deleted on <t:60:f>, unless somebody uses `/record keep`."),
        new("KeepTexts.Day", "the end of one that is kept",
            KeepTexts.Day(Recording with { DeletesAt = null }),
            ""),
        new("KeepTexts.ShortDay", "a line of the list",
            KeepTexts.ShortDay(Recording),
            ", kept until <t:60:f>"),
        new("KeepTexts.ShortDay", "a line of the list, of one that is kept",
            KeepTexts.ShortDay(Recording with { DeletesAt = null }),
            ""),
        new("KeepTexts.Soon", "the day is near",
            KeepTexts.Soon(Recording, At),
            "Your recording of <t:0:f> is deleted <t:60:R>, on <t:60:f>. `/record keep recording:rec-1` in its "
                + "server keeps it."),
        new("KeepTexts.Describe", "settings with null days",
            KeepTexts.Describe(null),
            "as the owner of this bot has set it"),
        new("KeepTexts.Describe", "settings with 0 days",
            KeepTexts.Describe(0),
            "for ever"),
        new("KeepTexts.Describe", "settings with 1 days",
            KeepTexts.Describe(1),
            "1 day after they end"),
        new("KeepTexts.Describe", "settings with 30 days",
            KeepTexts.Describe(30),
            "30 days after they end"),
        new("ForgetTexts.Confirm", "forget me",
            ForgetTexts.Confirm,
            "This erases your voice from **every recording of this server**: your track, your part of the mixes, "
                + "waveforms, notes. You are not recorded here from now on; `/record me` takes that back for later "
                + "recordings. The others stay as they are. It cannot be undone."),
        new("ForgetTexts.Begun", "forget me, and yes",
            ForgetTexts.Begun,
            "You are not recorded any more, and what I still held of you is gone. Erasing what is stored takes a "
                + "few minutes; I send you a direct message when it is done, and what it was."),
        new("ForgetTexts.BegunHere", "Stop and erase me",
            ForgetTexts.BegunHere,
            "You are out of this recording, and what I still held of you is gone. Erasing what is stored of you "
                + "in it takes a few minutes; I send you a direct message when it is done, and what it was."),
        new("ForgetTexts.NothingStored", "forget me without a recording API",
            ForgetTexts.NothingStored,
            "You are not recorded any more, and what I held of you is gone. I know no recording API that could "
                + "erase what was stored before; ask the owner of this bot."),
        new("ForgetTexts.CannotErase", "forget me, and the API erases nobody",
            ForgetTexts.CannotErase,
            "You are not recorded any more. But the recording API of this bot cannot erase one person from a "
                + "recording; ask the owner of this bot."),
        new("ForgetTexts.Done", "nothing was there, of one",
            ForgetTexts.Done(new PersonErasure(), one: true),
            "Nothing of you was stored in that recording, and nothing is now."),
        new("ForgetTexts.Done", "nothing was there, of all",
            ForgetTexts.Done(new PersonErasure(), one: false),
            "Nothing of you was stored in that server's recordings, and nothing is now."),
        new("ForgetTexts.Done", "erased from one",
            ForgetTexts.Done(new PersonErasure { Recordings = 1, Segments = 1, Samples = 96_000 }, one: true),
            "You are erased from that recording: 1 piece with 00:00:02 of your voice are gone, from your track, "
                + "the mixes, the waveforms and the downloads. The recordings say that somebody was erased, and when; "
                + "they say it with your id and without your name."),
        new("ForgetTexts.Done", "erased from all",
            ForgetTexts.Done(new PersonErasure { Recordings = 3, Segments = 7, Samples = 96_000 }, one: false),
            "You are erased from 3 recordings: 7 pieces with 00:00:02 of your voice are gone, from your track, "
                + "the mixes, the waveforms and the downloads. The recordings say that somebody was erased, and when; "
                + "they say it with your id and without your name."),
        new("AutoTexts.NoRules", "auto without a choice, and no rule",
            AutoTexts.NoRules,
            "No channel of this server is recorded by itself. `/record auto channel: people:` sets one."),
        new("AutoTexts.NoSuchRule", "auto when: off of a channel without a rule",
            AutoTexts.NoSuchRule,
            "I do not record that channel by itself."),
        new("AutoTexts.TooMany", "the rule after the last that fits",
            AutoTexts.TooMany,
            "This server has 100 rules, as many as fit. Take one away first: `/record auto channel: when: off`."),
        new("AutoTexts.Line", "the list of rules",
            AutoTexts.Line(Rule),
            "<#2>: when 2 people are in it; set by <@3>"),
        new("AutoTexts.Line", "the list of rules, of one for everybody",
            AutoTexts.Line(Rule with { People = 1 }),
            "<#2>: when 1 person is in it; set by <@3>"),
        new("AutoTexts.Set", "a rule is set",
            AutoTexts.Set(Rule, stored: true),
            "From now on I record <#2> when 2 people are in it, and stop when everybody has left. Everybody there "
                + "is told, and told that you have set it. Saved."),
        new("AutoTexts.Set", "a rule is set while the API is away",
            AutoTexts.Set(Rule, stored: false),
            "From now on I record <#2> when 2 people are in it, and stop when everybody has left. Everybody there "
                + "is told, and told that you have set it. Kept here; I write it to the settings as soon as they are "
                + "reachable."),
        new("AutoTexts.Removed", "a rule is taken away",
            AutoTexts.Removed(2, stored: true),
            "<#2> is not recorded by itself any more. A running recording goes on; `/record stop` ends it. Saved."),
        new("AutoTexts.Removed", "a rule is taken away while the API is away",
            AutoTexts.Removed(2, stored: false),
            "<#2> is not recorded by itself any more. A running recording goes on; `/record stop` ends it. Kept "
                + "here; I write it to the settings as soon as they are reachable."),
        new("AutoTexts.CouldNotStart", "a rule could not start",
            AutoTexts.CouldNotStart(2, "It is full."),
            "I was to record <#2> by your rule and could not: It is full. I try again every minute while people "
                + "are there."),
        new("OwnerTexts.Of", "status, up for minutes",
            OwnerTexts.Of(Bot(TimeSpan.FromMinutes(5), 0)),
            "Version 1.2.3, up for 5 min. Recordings now: 1, safe up to 2 s ago. Disk: 2.9 MB free, nothing waits."),
        new("OwnerTexts.Of", "status, up for hours, and some wait",
            OwnerTexts.Of(Bot(TimeSpan.FromMinutes(125), 4)),
            "Version 1.2.3, up for 2 h 5 min. Recordings now: 1, safe up to 2 s ago. Disk: 2.9 MB free, 4 segments "
                + "wait (1.9 MB)."),
        new("OwnerTexts.Of", "status, and one waits",
            OwnerTexts.Of(Bot(TimeSpan.FromMinutes(5), 1)),
            "Version 1.2.3, up for 5 min. Recordings now: 1, safe up to 2 s ago. Disk: 2.9 MB free, 1 segment waits "
                + "(488 KB)."),
        new("OwnerTexts.Of", "status, up for days",
            OwnerTexts.Of(Bot(TimeSpan.FromHours(74), 0)),
            "Version 1.2.3, up for 3 d 2 h. Recordings now: 1, safe up to 2 s ago. Disk: 2.9 MB free, nothing "
                + "waits."),
        new("EndTexts.NoLinkYet", "the end, and the API makes no link at the moment",
            EndTexts.NoLinkYet,
            "I could get no link to it yet; `/record link` asks for one."),
        new("EndTexts.NoLinkAtAll", "link of a service that makes none",
            EndTexts.NoLinkAtAll,
            "I have no link to it: the recording service made none."),
        new("EndTexts.Nothing", "the panel of an empty recording",
            EndTexts.Nothing(0),
            "Nobody was heard, so there is nothing to keep."),
        new("EndTexts.Nothing", "the panel of one whose pieces are lost",
            EndTexts.Nothing(2),
            "Nothing of it arrived, so there is nothing to keep."),
        new("EndTexts.NothingKept", "the message to the starter of an empty recording",
            EndTexts.NothingKept(Spool.SpoolSession.Info, 0),
            "Your recording of <#2> in **Guild** has ended. Nobody was heard, so there is nothing to keep."),
        new("VoiceFailure.Explain", "a call that ends with VoiceEndReason.CallTerminated, null",
            VoiceFailure.Explain(VoiceEndReason.CallTerminated, null),
            "Discord ended the call (4022)"),
        new("VoiceFailure.Explain", "a call that ends with VoiceEndReason.Kicked, null",
            VoiceFailure.Explain(VoiceEndReason.Kicked, null),
            "I was disconnected at once"),
        new("VoiceFailure.Explain", "a call that ends with VoiceEndReason.Moved, null",
            VoiceFailure.Explain(VoiceEndReason.Moved, null),
            "I was moved to another channel"),
        new("VoiceFailure.Explain", "a call that ends with VoiceEndReason.ProtocolError, null",
            VoiceFailure.Explain(VoiceEndReason.ProtocolError, null),
            "the voice server did not understand me"),
        new("VoiceFailure.Explain", "a call that ends with null, 4999",
            VoiceFailure.Explain(null, 4999),
            "the voice server refuses me (4999)"),
        new("VoiceFailure.Explain", "a call that ends with null, null",
            VoiceFailure.Explain(null, null),
            "the voice server could not be reached"),
    ];

    private static BotFigures Bot(TimeSpan up, int files) =>
        new("1.2.3", up, 1, new SpoolSnapshot(files * 500_000L, files, 3_000_000, SpoolLevel.Ok), 96_000);
}

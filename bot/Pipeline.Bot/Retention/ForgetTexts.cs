using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Retention;

/// <summary>What is said to somebody who wants to be forgotten. Pure.</summary>
internal static class ForgetTexts
{
    public const string Confirm =
        "This erases your voice from **every recording of this server**: your track, your part of the mixes, waveforms, notes. You "
        + "are not recorded here from now on; `/record me` takes that back for later recordings. The others stay as they are. It cannot be "
        + "undone.";

    public const string Begun =
        "You are not recorded any more, and what I still held of you is gone. Erasing what is stored takes a few minutes; I send you a "
        + "direct message when it is done, and what it was.";

    public const string BegunHere =
        "You are out of this recording, and what I still held of you is gone. Erasing what is stored of you in it takes a few minutes; I "
        + "send you a direct message when it is done, and what it was.";

    public const string NothingStored =
        "You are not recorded any more, and what I held of you is gone. I know no recording API that could erase what was stored before; "
        + "ask the owner of this bot.";

    public const string CannotErase =
        "You are not recorded any more. But the recording API of this bot cannot erase one person from a recording; ask the owner of "
        + "this bot.";

    public static string Done(PersonErasure erased, bool one) => erased.Recordings == 0
        ? $"Nothing of you was stored in {(one ? "that recording" : "that server's recordings")}, and nothing is now."
        : $"You are erased from {(one ? "that recording" : Wording.Count(erased.Recordings, "recording"))}: "
            + $"{Wording.Count(erased.Segments, "piece")} with {Wording.Clock(SampleClock.ToTime(erased.Samples))} of your voice are gone, "
            + "from your track, the mixes, the waveforms and the downloads. The recordings say that somebody was erased, and when; they "
            + "say it with your id and without your name.";
}

using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Panel;

/// <summary>What people read of a voice of which Discord does not tell whose it is.</summary>
internal static class VoiceTexts
{
    public const string Unknown = TrackUser.Unknown;
    public const string Unnamed =
        "I hear a voice of which Discord does not tell whose it is. I keep it as a track of its own, and name it when I know. Leaving "
        + "the call and joining it again usually mends it.";
    public const string UnnamedNotKept =
        "I hear a voice of which Discord does not tell whose it is. Somebody has asked not to be recorded, and it may be theirs, so I "
        + "do not keep it. Leaving the call and joining it again usually mends it.";
    public const string UnnamedNotOpened =
        "I hear a voice of which Discord does not tell whose it is, and no key of this call opens it. Until one does, what it says is "
        + "lost; the gap is marked in the recording. Leaving the call and joining it again usually mends it.";
    public const string Stray =
        "Single packets of sound come from sources of which Discord does not tell whose they are, as no client sends them. I count them, "
        + "and keep none: somebody who speaks sends more in a row.";

    public static string Known(string name) => $"{name} (before Discord told)";

    public static string Named(ulong user) => $"The unknown voice is {Wording.User(user)}.";
}

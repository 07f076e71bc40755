using Pipeline.Contracts;

namespace Pipeline.Bot.Panel;

/// <summary>What is said of a recording that ended without what people expect: a link, or anything to listen to. Pure.</summary>
internal static class EndTexts
{
    public const string NoLinkYet = "I could get no link to it yet; `/record link` asks for one.";
    public const string NoLinkAtAll = "I have no link to it: the recording service made none.";

    /// <param name="missing">Pieces that never arrived.</param>
    public static string Nothing(int missing) =>
        (missing == 0 ? "Nobody was heard" : "Nothing of it arrived") + ", so there is nothing to keep.";

    /// <summary>For the starter, who was told before what the bot had heard.</summary>
    public static string NothingKept(SessionInfo session, int missing) =>
        $"Your recording of {Wording.Channel(session.ChannelId)} in **{Wording.Plain(session.GuildName, 80)}** has ended. "
        + Nothing(missing);
}

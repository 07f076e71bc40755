using Pipeline.Bot.Panel;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.AutoRecord;

/// <summary>What is said about rules that record by themselves. Pure.</summary>
internal static class AutoTexts
{
    public const string NoRules = "No channel of this server is recorded by itself. `/record auto channel: people:` sets one.";
    public const string NoSuchRule = "I do not record that channel by itself.";

    public static readonly string TooMany =
        $"This server has {AutoRecordRule.Most} rules, as many as fit. Take one away first: `/record auto channel: when: off`.";

    public static string Line(AutoRecordRule rule) =>
        $"{Wording.Channel(rule.ChannelId)}: when {Wording.Count(rule.People, "person is", "people are")} in it; set by "
        + $"{Wording.User(rule.SetBy)}";

    public static string Set(AutoRecordRule rule, bool stored) =>
        $"From now on I record {Wording.Channel(rule.ChannelId)} when {Wording.Count(rule.People, "person is", "people are")} in it, and "
        + "stop when everybody has left. Everybody there is told, and told that you have set it. " + Kept(stored);

    public static string Removed(ulong channel, bool stored) =>
        $"{Wording.Channel(channel)} is not recorded by itself any more. A running recording goes on; `/record stop` ends it. "
        + Kept(stored);

    public static string CouldNotStart(ulong channel, string problem) =>
        $"I was to record {Wording.Channel(channel)} by your rule and could not: {problem} I try again every minute while people are "
        + "there.";

    private static string Kept(bool stored) => Texts.SettingsSaved(stored);
}

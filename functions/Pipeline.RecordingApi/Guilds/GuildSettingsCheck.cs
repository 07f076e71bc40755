using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>What a server may choose.</summary>
internal static class GuildSettingsCheck
{
    private const int LongestAnnounceMode = 32;

    public static void Check(GuildSettings settings, FieldErrors errors)
    {
        if (settings.RecorderRoleId == 0) errors.Add("recorderRoleId", "must be a decimal string");
        if (settings.AnnounceMode?.Length > LongestAnnounceMode)
            errors.Add("announceMode", $"must have at most {LongestAnnounceMode} characters");
        if (settings.Consent is not (null or ConsentLedger.Off or ConsentLedger.Ask or ConsentLedger.Required))
            errors.Add("consent", "must be off, ask or required");
        if (settings.KeepDays is < 0 or > GuildSettings.MostKeepDays)
            errors.Add("keepDays", $"must be 0 to {GuildSettings.MostKeepDays}");
        CheckRules(settings.AutoRecord ?? [], errors);
        if (settings.OptedOutUserIds is null) errors.Add("optedOutUserIds", "must be a list");
        for (int i = 0; i < (settings.OptedOutUserIds?.Count ?? 0) && !errors.IsFull; i++)
            errors.Snowflake($"optedOutUserIds[{i}]", settings.OptedOutUserIds![i]);
        foreach ((string name, JsonElement value) in settings.Other ?? [])
            if (!CanBeWritten(value)) errors.Add(name, "holds half of a surrogate pair, which is no text");
    }

    // What nobody here reads is kept as it came, and looked into only when it is written.
    private static bool CanBeWritten(JsonElement value)
    {
        using Utf8JsonWriter nowhere = new(Stream.Null);
        try
        {
            value.WriteTo(nowhere);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void CheckRules(IReadOnlyList<AutoRecordRule> rules, FieldErrors errors)
    {
        if (rules.Count > AutoRecordRule.Most) errors.Add("autoRecord", $"must have at most {AutoRecordRule.Most} rules");
        for (int i = 0; i < rules.Count && !errors.IsFull; i++)
        {
            if (rules[i] is not { ChannelId: not 0, BotId: not 0, SetBy: not 0 })
                errors.Add($"autoRecord[{i}]", "must name channelId, botId and setBy as decimal strings");
            else if (rules[i].People is < 1 or > AutoRecordRule.MostPeople)
                errors.Add($"autoRecord[{i}].people", $"must be 1 to {AutoRecordRule.MostPeople}");
        }
    }
}

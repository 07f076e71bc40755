using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>Keeps what servers have chosen. Fields that this program does not know are kept and given back.</summary>
public sealed class GuildSettingsOperations(GuildSettingsTable table)
{
    private const int LongestAnnounceMode = 32;
    private const int MostOptOuts = 2_000;

    public async Task<IResult> GetAsync(HttpContext context, string guildId)
    {
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        if (errors.Any) return errors.ToProblem();
        GuildSettings settings = await table.ReadAsync(ulong.Parse(guildId, CultureInfo.InvariantCulture), context.RequestAborted);
        return Results.Json(settings, WireJsonContext.Default.GuildSettings);
    }

    public async Task<IResult> PutAsync(HttpContext context, string guildId)
    {
        (GuildSettings? settings, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.GuildSettings, JsonBody.Limit);
        if (settings is null) return fault!;
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        if (settings.RecorderRoleId == 0) errors.Add("recorderRoleId", "must be a decimal string");
        if (settings.AnnounceMode?.Length > LongestAnnounceMode) errors.Add("announceMode", $"must have at most {LongestAnnounceMode} characters");
        if (settings.OptedOutUserIds is null || settings.OptedOutUserIds.Count > MostOptOuts) errors.Add("optedOutUserIds", $"must be a list of at most {MostOptOuts}");
        for (int i = 0; i < (settings.OptedOutUserIds?.Count ?? 0) && !errors.IsFull; i++) errors.Snowflake($"optedOutUserIds[{i}]", settings.OptedOutUserIds![i]);
        if (errors.Any) return errors.ToProblem();
        await table.WriteAsync(ulong.Parse(guildId, CultureInfo.InvariantCulture), settings, context.RequestAborted);
        return Results.Json(settings, WireJsonContext.Default.GuildSettings);
    }
}

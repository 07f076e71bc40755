using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Guilds;

/// <summary>
/// Keeps what servers have chosen. Fields that this program does not know are kept and given back. The document has an ETag, and
/// If-Match keeps two writers from undoing each other (RFC 9110 §13.1.1); one person's opt-out is an operation of its own.
/// </summary>
public sealed class GuildSettingsOperations(GuildSettingsTable table)
{
    private const long BodyLimit = 1024 * 1024; // 45,000 people

    public async Task<IResult> GetAsync(HttpContext context, string guildId)
    {
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        if (errors.Any) return errors.ToProblem();
        return Answer(context, (await table.ReadAsync(Number(guildId), context.RequestAborted)).Settings);
    }

    public async Task<IResult> PutAsync(HttpContext context, string guildId)
    {
        (GuildSettings? settings, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.GuildSettings, BodyLimit);
        if (settings is null) return fault!;
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        GuildSettingsCheck.Check(settings, errors);
        if (errors.Any) return errors.ToProblem();
        if (GuildSettingsTable.LengthOf(settings) > GuildSettingsTable.LongestChoice)
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, "The body is too large",
                $"what stands beside optedOutUserIds must fit into {GuildSettingsTable.LongestChoice} bytes");
        settings = settings with
        {
            OptedOutUserIds = [.. settings.OptedOutUserIds.Select(user => Text(Number(user))).Distinct().Order(StringComparer.Ordinal)],
        };
        while (true)
        {
            StoredGuildSettings before = await table.ReadAsync(Number(guildId), context.RequestAborted);
            if (!EntityTag.IsExpected(context.Request, EtagOf(before.Settings)))
            {
                return Problems.Of(StatusCodes.Status412PreconditionFailed, "The settings have changed",
                    "read them again and repeat the change on what is there now");
            }
            if (await table.TryWriteAsync(Number(guildId), before, settings, context.RequestAborted)) return Answer(context, settings);
        }
    }

    /// <summary>
    /// One person wants no recording in this server, or takes that back; repeating it is no fault, and no other person is touched.
    /// </summary>
    public async Task<IResult> SetOptOutAsync(HttpContext context, string guildId, string userId, bool optedOut)
    {
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        errors.Snowflake("userId", userId);
        if (errors.Any) return errors.ToProblem();
        await table.SetOptOutAsync(Number(guildId), Number(userId), optedOut, context.RequestAborted);
        return Results.NoContent();
    }

    private static IResult Answer(HttpContext context, GuildSettings settings)
    {
        string etag = EtagOf(settings);
        context.Response.Headers.ETag = etag;
        bool isKnown = HttpMethods.IsGet(context.Request.Method) && EntityTag.IsKnown(context.Request, etag);
        return isKnown ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Json(settings, WireJsonContext.Default.GuildSettings);
    }

    private static string EtagOf(GuildSettings settings) =>
        EntityTag.Of(JsonSerializer.SerializeToUtf8Bytes(settings, WireJsonContext.Default.GuildSettings));

    private static ulong Number(string id) => ulong.Parse(id, CultureInfo.InvariantCulture);

    private static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}

using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>A server's own webhook: look at it, put it, delete it, try it.</summary>
public sealed class WebhookOperations(WebhookTable webhooks, WebhookOptions options, WebhookSender sender, TimeProvider time)
{
    private const int LongestUrl = 2_000;
    private const int UpdateTries = 8;

    public async Task<IResult> GetAsync(HttpContext context, string guildId)
    {
        if (Fault(guildId) is { } fault) return fault;
        return await webhooks.FindOfGuildAsync(guildId, context.RequestAborted) is { } webhook
            ? Show(webhook, null, StatusCodes.Status200OK) : Unknown();
    }

    public async Task<IResult> PutAsync(HttpContext context, string guildId)
    {
        (PutWebhookRequest? request, IResult? unreadable) =
            await JsonBody.ReadAsync(context, WebhookJsonContext.Default.PutWebhookRequest, JsonBody.Limit);
        if (request is null) return unreadable!;
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        Uri? url = Address(errors, request.Url);
        foreach (string type in request.Events ?? [])
            if (!EventTypes.All.Contains(type)) errors.Add("events", $"must be some of {string.Join(", ", EventTypes.All)}");
        if (errors.Any) return errors.ToProblem();

        for (int attempt = 1; attempt <= UpdateTries; attempt++)
        {
            // The secret that is shown is the one that signs: of two who put at once, the second builds on what the first has put.
            Webhook? before = await webhooks.FindOfGuildAsync(guildId, context.RequestAborted);
            bool isNew = before is null || request.RotateSecret == true || before.Secrets.Count == 0;
            WebhookSecret secret = isNew ? WebhookSecret.New() : before!.Secrets[0];
            Webhook webhook = new()
            {
                Id = WebhookTable.OfGuild,
                GuildId = guildId,
                Url = url!,
                Secrets = isNew && before is { Secrets.Count: > 0 } ? [secret, before.Secrets[0]] : [secret],
                Events = request.Events is { Count: > 0 } asked ? [.. asked.Distinct()] : EventTypes.Default,
                Etag = before?.Etag,
            };
            if (!await webhooks.TryPutAsync(webhook, context.RequestAborted)) continue;
            int status = before is null ? StatusCodes.Status201Created : StatusCodes.Status200OK;
            return Show(webhook, isNew ? secret.Reveal() : null, status);
        }
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many writers", "several put this webhook at once; try again");
    }

    public async Task<IResult> DeleteAsync(HttpContext context, string guildId)
    {
        if (Fault(guildId) is { } fault) return fault;
        await webhooks.DeleteOfGuildAsync(guildId, context.RequestAborted);
        return Results.NoContent();
    }

    /// <summary>Sends one <c>webhook.test</c> now; the answer says what the receiver made of it.</summary>
    public async Task<IResult> TestAsync(HttpContext context, string guildId)
    {
        if (Fault(guildId) is { } fault) return fault;
        if (await webhooks.FindOfGuildAsync(guildId, context.RequestAborted) is not { } webhook) return Unknown();
        DateTimeOffset now = time.GetUtcNow();
        PipelineEvent test = new()
        {
            Id = $"evt_{EventTypes.WebhookTest}_{guildId}_{now.ToUnixTimeMilliseconds()}",
            Type = EventTypes.WebhookTest,
            Timestamp = now,
            Data = new EventData { GuildId = guildId },
        };
        DeliveryTry tried = await sender.SendAsync(webhook, test.Id, WebhookDelivery.Body(test), context.RequestAborted);
        return tried.Outcome == DeliveryOutcome.Taken
            ? Results.NoContent()
            : Problems.Of(StatusCodes.Status502BadGateway, "The webhook did not take the test", tried.Reason);
    }

    private static IResult? Fault(string guildId)
    {
        FieldErrors errors = new();
        errors.Snowflake("guildId", guildId);
        return errors.Any ? errors.ToProblem() : null;
    }

    private Uri? Address(FieldErrors errors, string? text)
    {
        bool isAddress = Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && text!.Length <= LongestUrl && url.UserInfo.Length == 0
            && (url.Scheme == Uri.UriSchemeHttps || (options.AllowPrivate && url.Scheme == Uri.UriSchemeHttp));
        if (text is null) errors.Add("url", "is required");
        else if (!isAddress) errors.Add("url", $"must be an https address without a user name, at most {LongestUrl} characters");
        return url;
    }

    private static IResult Unknown() => Problems.Of(StatusCodes.Status404NotFound, "No webhook", "this server has put none");

    private static IResult Show(Webhook webhook, string? secret, int status) => Results.Json(
        new WebhookState { Url = webhook.Url.AbsoluteUri, Events = webhook.Events, Secret = secret, OffBecause = webhook.OffBecause },
        WebhookJsonContext.Default.WebhookState, statusCode: status);
}

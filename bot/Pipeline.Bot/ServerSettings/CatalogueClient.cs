using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.ServerSettings;

/// <summary>
/// Asks the recording API about finished recordings and settings. Every method throws <see cref="CatalogueException"/> when it
/// is away; nothing here is on the way of audio.
/// </summary>
internal sealed class CatalogueClient(HttpClient http, CatalogueOptions options, TimeProvider time)
{
    private const int PagesSearched = 5;

    public bool IsConfigured => options.BaseUrl is not null;

    /// <summary>Whether a recording API is at the address at all; nothing is made there.</summary>
    /// <returns>False: it is one without lists of recordings.</returns>
    /// <exception cref="CatalogueException">It is none, refuses the key, or does not answer.</exception>
    public async Task<bool> RequireAsync(ulong guildId, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindListAsync(guildId, 1, null, cancellationToken) is not null) return true;
        }
        catch (CatalogueException refused) when (refused.IsNotOffered)
        {
            return false;
        }
        catch (CatalogueException other) when (other.InnerException is JsonException)
        {
            throw new CatalogueException($"what answers at {options.BaseUrl} is no recording API: its list of recordings cannot be read",
                other);
        }
        // Any web server answers 404. A service has one of these two, and both demand a body.
        if (await TakesAsync("recordings/init-live", cancellationToken)
            || await TakesAsync("recordings/init", cancellationToken)) return false;
        throw new CatalogueException($"what answers at {options.BaseUrl} is no recording API: it has none of its routes (404)");
    }

    /// <summary>Newest first.</summary>
    public async Task<RecordingPage> ListAsync(ulong guildId, int limit, string? cursor, CancellationToken cancellationToken) =>
        await FindListAsync(guildId, limit, cursor, cancellationToken) ?? new RecordingPage { Recordings = [] };

    private Task<RecordingPage?> FindListAsync(ulong guildId, int limit, string? cursor, CancellationToken cancellationToken)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"recordings?guildId={guildId}&limit={limit}");
        if (cursor is not null) path += "&cursor=" + Uri.EscapeDataString(cursor);
        return GetAsync(path, ApiJsonContext.Default.RecordingPage, cancellationToken);
    }

    /// <summary>One recording by its id; null when there is none.</summary>
    public Task<RecordingDetails?> GetAsync(string id, CancellationToken cancellationToken) =>
        GetAsync("recordings/" + Uri.EscapeDataString(id), ApiJsonContext.Default.RecordingDetails, cancellationToken);

    /// <summary>The recording of one session, looked for among the newest of the guild; null when it is not listed yet.</summary>
    public async Task<RecordingSummary?> FindAsync(ulong guildId, RecordingId session, CancellationToken cancellationToken)
    {
        string id = session.ToString();
        string? cursor = null;
        for (int page = 0; page < PagesSearched; page++)
        {
            RecordingPage found = await ListAsync(guildId, 20, cursor, cancellationToken);
            if (found.Recordings.FirstOrDefault(recording => recording.SessionId == id || recording.Id == id) is { } match) return match;
            cursor = found.NextCursor;
            if (cursor is null) return null;
        }
        return null;
    }

    /// <summary>Deletes a recording. Null: it was not there; a status of <c>deleting</c>: the service goes on by itself.</summary>
    /// <exception cref="CatalogueException">Also where a 404 is not the service's own word: then the recording may be there.</exception>
    public async Task<DeletionState?> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Delete, "recordings/" + Uri.EscapeDataString(id));
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound && !IsJson(response)) throw NotThere(response.StatusCode);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
        if (response.StatusCode != HttpStatusCode.Accepted) return new DeletionState { Status = DeletionState.Deleted };
        // Another service's 202 may say nothing, or something else.
        DeletionState? told = IsJson(response) ? await ReadAsync(response, ApiJsonContext.Default.DeletionState, cancellationToken) : null;
        return (told ?? new DeletionState()) with { Status = DeletionState.Deleting };
    }

    /// <summary>Keeps a recording beyond the day of its deletion. False: it was not there.</summary>
    public async Task<bool> KeepAsync(string id, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Patch, PathOf(id));
        request.Content = new ByteArrayContent(
            JsonSerializer.SerializeToUtf8Bytes(new TitleRequest { IsKept = true }, ApiJsonContext.Default.TitleRequest));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return response.IsSuccessStatusCode;
    }

    /// <summary>What the server has chosen, and the tag of the document if it has one; null where the service has no settings.</summary>
    public async Task<(GuildSettings? Settings, string? Etag)> GetSettingsAsync(ulong guildId, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, SettingsPath(guildId));
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        GuildSettings? settings = await ReadAsync(response, ApiJsonContext.Default.GuildSettings, cancellationToken);
        // A field that is absent is read as null, whatever its type says.
        if (settings is { OptedOutUserIds: null }) settings = settings with { OptedOutUserIds = [] };
        // A proxy that packs the answer makes its tag a weak one, which If-Match never matches (RFC 9110 §13.1.1): without its W/ it is
        // the API's own again.
        return (settings, response.Headers.ETag?.Tag);
    }

    /// <param name="etag">Only when the document is still the one with this tag; null: in any case.</param>
    /// <returns>False: it has changed meanwhile.</returns>
    public async Task<bool> PutSettingsAsync(ulong guildId, GuildSettings settings, string? etag, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Put, SettingsPath(guildId));
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(settings, ApiJsonContext.Default.GuildSettings));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (etag is not null) request.Headers.TryAddWithoutValidation("If-Match", etag);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken, HttpStatusCode.PreconditionFailed);
        if (response.StatusCode == HttpStatusCode.NotFound) throw new CatalogueException("the recording API keeps no settings");
        return response.StatusCode != HttpStatusCode.PreconditionFailed;
    }

    /// <summary>One person's wish, without touching anybody else's. False: this API knows whole documents only.</summary>
    public async Task<bool> SetOptOutAsync(ulong guildId, string userId, bool optedOut, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(optedOut ? HttpMethod.Put : HttpMethod.Delete,
            SettingsPath(guildId) + "/opt-outs/" + Uri.EscapeDataString(userId));
        using HttpResponseMessage response = await SendAsync(request, cancellationToken, HttpStatusCode.MethodNotAllowed);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Asks for somebody's erasure; repeating it is no fault.</summary>
    /// <param name="scope"><c>guilds/{id}</c> or <c>recordings/{id}</c>.</param>
    /// <returns>Null: this API says that it erases nobody.</returns>
    /// <exception cref="CatalogueException">
    /// Also for a 404, which may be an older service's word for the same, or that of a gateway whose service is away.
    /// </exception>
    public async Task<PersonErasure?> EraseAsync(string scope, ulong userId, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Put, ErasurePath(scope, userId));
        try
        {
            using HttpResponseMessage response = await SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode) throw NotThere(response.StatusCode);
            return await ReadAsync(response, ApiJsonContext.Default.PersonErasure, cancellationToken);
        }
        catch (CatalogueException refused) when (refused.IsNotOffered)
        {
            return null;
        }
    }

    /// <summary>How far it is; null: nobody has asked for it.</summary>
    public Task<PersonErasure?> ErasureAsync(string scope, ulong userId, CancellationToken cancellationToken) =>
        GetAsync(ErasurePath(scope, userId), ApiJsonContext.Default.PersonErasure, cancellationToken);

    /// <summary>What a link allows that everybody may have who sees the panel.</summary>
    public static IReadOnlyList<string> ForListeners { get; } = ["listen", "download"];

    /// <summary>True where people get links of their own: an API is configured, and nobody set another page.</summary>
    public bool MakesLinks => options.BaseUrl is not null && string.IsNullOrEmpty(options.PageUrl);

    /// <summary>
    /// A new link that opens the recording, with its secret; null where the API knows no such recording or makes no links.
    /// </summary>
    public async Task<RecordingLink?> ShareAsync(string id, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Post, SharesPath(id));
        request.Content = new ByteArrayContent(
            JsonSerializer.SerializeToUtf8Bytes(new ShareRequest { Scopes = scopes }, ApiJsonContext.Default.ShareRequest));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage response = await SendAsync(request, cancellationToken, HttpStatusCode.MethodNotAllowed);
        ShareDetails? made = response.IsSuccessStatusCode
            ? await ReadAsync(response, ApiJsonContext.Default.ShareDetails, cancellationToken) : null;
        return made?.Url is { } url ? new RecordingLink(url, made.ExpiresAt) : null;
    }

    /// <summary>Ends every link of a recording that still opens it.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndSharesAsync(string id, CancellationToken cancellationToken)
    {
        ShareList? list = await GetAsync(SharesPath(id), ApiJsonContext.Default.ShareList, cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        string[] open = [.. (list?.Shares ?? []).Where(share => share.RevokedAt is null && share.ExpiresAt > now)
            .Select(share => share.ShareId)];
        foreach (string share in open)
        {
            using HttpRequestMessage request = Request(HttpMethod.Delete, $"{SharesPath(id)}/{Uri.EscapeDataString(share)}");
            using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        }
        return open.Length;
    }

    /// <summary>Every download that a recording has or can have; null where the API knows no such recording or makes no files.</summary>
    public async Task<IReadOnlyList<RecordingFile>?> FilesAsync(string id, CancellationToken cancellationToken) =>
        (await GetAsync(PathOf(id) + "/files", ApiJsonContext.Default.RecordingFiles, cancellationToken))?.Files;

    /// <summary>How far the deletion of a recording is; null where nobody has deleted it, or the API does not tell.</summary>
    public Task<DeletionState?> DeletionAsync(string id, CancellationToken cancellationToken) =>
        GetAsync(PathOf(id) + "/deletion", ApiJsonContext.Default.DeletionState, cancellationToken);

    /// <summary>An address of a page as people open it: one of a recording that is none, which looks the same.</summary>
    /// <returns>Null where pages are somebody else's, or the API does not say how it is.</returns>
    public async Task<Uri?> PageToTryAsync(CancellationToken cancellationToken)
    {
        if (!MakesLinks) return null;
        HealthReport? health = await GetAsync("health", WireJsonContext.Default.HealthReport, cancellationToken);
        return health is null ? null : new Uri(ApiAddress.Root(health.PublicBaseUrl ?? options.BaseUrl!) + "/r/doctor");
    }

    /// <summary>
    /// Somebody's own page of a recording; null where none was set. The API's addresses open nothing for people, who have no key.
    /// </summary>
    public string? PageOf(string id) => options.PageUrl is { Length: > 0 } page
        ? page.Replace("{id}", Uri.EscapeDataString(id), StringComparison.Ordinal) : null;

    private static string ErasurePath(string scope, ulong userId) =>
        string.Create(CultureInfo.InvariantCulture, $"{scope}/erasures/{userId}");

    private static string PathOf(string id) => "recordings/" + Uri.EscapeDataString(id);

    private static string SharesPath(string id) => PathOf(id) + "/shares";

    private static string SettingsPath(ulong guildId) => string.Create(CultureInfo.InvariantCulture, $"guilds/{guildId}/settings");

    private async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> shape, CancellationToken cancellationToken) where T : class
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        return await ReadAsync(response, shape, cancellationToken);
    }

    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
        where T : class
    {
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.NoContent) return null;
        try
        {
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellationToken), shape);
        }
        catch (Exception problem) when (problem is JsonException or HttpRequestException or IOException)
        {
            throw new CatalogueException("the recording API's answer could not be read", problem);
        }
    }

    // Without a body nothing can be made of the request, and who has the route says so.
    private async Task<bool> TakesAsync(string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(HttpMethod.Post, path);
        request.Content = new ByteArrayContent([]);
        try
        {
            using HttpResponseMessage response = await SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (CatalogueException refused) when (refused.IsRefused)
        {
            return !refused.IsNotOffered;
        }
    }

    private static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json";

    private static CatalogueException NotThere(HttpStatusCode status) => new(Explain(status), status: status);

    private static string Explain(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => string.Create(CultureInfo.InvariantCulture,
            $"the recording API refuses the key ({(int)status}): correct RecordingApi__ApiKey"),
        >= 300 and < 400 =>
            string.Create(CultureInfo.InvariantCulture,
            $"the recording API sends us to another address ({(int)status}), which is not followed: correct RecordingApi__BaseUrl"),
        _ => string.Create(CultureInfo.InvariantCulture, $"the recording API answered {(int)status}"),
    };

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        Uri server = options.BaseUrl ?? throw new CatalogueException("no recording API is configured (RecordingApi__BaseUrl)");
        HttpRequestMessage request = new(method, ApiAddress.Of(server, path));
        if (options.ApiKey is { Length: > 0 } key) request.Headers.TryAddWithoutValidation("x-functions-key", key);
        return request;
    }

    /// <summary>Any answer but success, "not there" and one more is an exception; so is none.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken,
        HttpStatusCode alsoTaken = HttpStatusCode.NotFound)
    {
        using CancellationTokenSource timeout = new(options.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            HttpResponseMessage response = await http.SendAsync(request, either.Token);
            if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone
                || response.StatusCode == alsoTaken) return response;
            HttpStatusCode status = response.StatusCode;
            response.Dispose();
            throw new CatalogueException(Explain(status), status: status);
        }
        catch (Exception problem) when (problem is HttpRequestException or SocketException)
        {
            throw new CatalogueException($"the recording API is not reachable: {Cause.OfNetwork(problem)}", problem);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CatalogueException("the recording API did not answer in time");
        }
    }
}

/// <summary>The recording API could not be reached, or refused. A running recording never depends on it.</summary>
/// <param name="status">What it answered; null when it did not.</param>
internal sealed class CatalogueException(string message, Exception? inner = null, HttpStatusCode? status = null) : Exception(message, inner)
{
    /// <summary>This service has no such thing.</summary>
    public bool IsNotOffered => status is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented;

    /// <summary>Somebody has read the request and did not take it.</summary>
    public bool IsRefused =>
        status is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError or HttpStatusCode.NotImplemented;

    /// <summary>Nothing is at this address: of the service, or no service at all.</summary>
    public bool IsNotThere => status is HttpStatusCode.NotFound or HttpStatusCode.Gone;

    /// <summary>Asking again with the same key is refused again.</summary>
    public bool IsKeyRefused => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}

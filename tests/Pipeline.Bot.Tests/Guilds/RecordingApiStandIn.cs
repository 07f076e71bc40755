using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>The recording API as far as the bot asks it, on loopback and in memory; can be away.</summary>
internal sealed class RecordingApiStandIn : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentDictionary<string, string> settings = new();
    private readonly ConcurrentDictionary<string, RecordingDetails> recordings = new();
    private readonly ConcurrentDictionary<string, bool> deleted = new();
    private readonly Task serving;
    private int unanswered;
    private int linksMade;

    public RecordingApiStandIn()
    {
        BaseUrl = new Uri($"http://127.0.0.1:{FreePort.Take(1)[0]}/");
        listener.Prefixes.Add(BaseUrl.AbsoluteUri);
        listener.Start();
        serving = ServeAsync();
    }

    public Uri BaseUrl { get; }
    public bool IsAway { get; set; }

    /// <summary>Something else is at its address, which knows none of its routes.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>Requests whose path contains this get no answer before the task is done; null: all are answered at once.</summary>
    public (string Path, Task Until)? Hold { get; set; }

    /// <summary>So many requests were without their answer at the same time.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>What it answers in place of a list; null: the list.</summary>
    public int? ListRefusal { get; set; }

    /// <summary>What it answers to <c>init-live</c> and to <c>init</c> without a body.</summary>
    public (int Live, int Batch) InitAnswers { get; set; } = (404, 404);

    /// <summary>Whatever is to be deleted has just gone.</summary>
    public bool DeletedBySomebodyElse { get; set; }

    /// <summary>What it answers to those who ask how far a deletion is; null: how far it is.</summary>
    public int? DeletionRefusal { get; set; }

    /// <summary>A deletion is not over at once.</summary>
    public int FilesLeft { get; set; }

    /// <summary>What can be downloaded of any recording; null: it makes no files, as other services do.</summary>
    public IReadOnlyList<RecordingFile>? Files { get; set; }

    /// <summary>It makes links, as ours does; others make none.</summary>
    public bool MakesLinks { get; set; }

    /// <summary>So many more links it fails to make.</summary>
    public int RefusedLinks { get; set; }

    /// <summary>What the links allow, by their ids: <c>listen download</c>. Those that were ended are gone.</summary>
    public ConcurrentDictionary<string, string> Links { get; } = new();

    /// <summary>It erases people, as ours does.</summary>
    public bool Erases { get; set; }

    /// <summary>Who is being erased, by <c>{scope}/{userId}</c>.</summary>
    public ConcurrentDictionary<string, PersonErasure> Erasures { get; } = new();

    public ConcurrentQueue<string> Requests { get; } = new();
    public string? SettingsOf(ulong guild) => settings.GetValueOrDefault(guild.ToString());

    public void PutSettings(ulong guild, GuildSettings stored) =>
        settings[guild.ToString()] = JsonSerializer.Serialize(stored, ApiJsonContext.Default.GuildSettings);

    public void RemoveSettings(ulong guild) => settings.TryRemove(guild.ToString(), out _);

    public void Add(RecordingDetails recording) => recordings[recording.Id] = recording;

    /// <summary>Somebody deletes it.</summary>
    public void Delete(string id)
    {
        deleted[id] = true;
        recordings.TryRemove(id, out _);
    }

    public static RecordingFile File(string name, string kind, string? userId, string state, double progress = 0) => new()
    {
        Name = name,
        Kind = kind,
        UserId = userId,
        Format = System.IO.Path.GetExtension(name).TrimStart('.'),
        State = state,
        Progress = progress,
        Url = "http://127.0.0.1/" + name,
    };

    public static RecordingDetails Finished(string id, string session, ulong guild, ulong starter,
        RecordingStatus status = RecordingStatus.Completed) => new()
        {
            Id = id,
            SessionId = session,
            Status = status,
            GuildId = guild.ToString(),
            ChannelId = "77",
            UserId = starter.ToString(),
            RecordedAt = DateTimeOffset.UnixEpoch,
            Duration = 61_000,
            TotalSize = 3_000_000,
            ParticipantCount = 2,
            SegmentCount = 7,
            Segments = [],
        };

    public async ValueTask DisposeAsync()
    {
        listener.Close(); // Once: a stopped one opens its port again in order to close it, and another test may have that by then.
        await serving;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                if (!listener.IsListening) return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        Requests.Enqueue(context.Request.HttpMethod + " " + path);
        lock (listener) MostAtOnce = Math.Max(MostAtOnce, ++unanswered);
        try
        {
            if (Hold is { } hold && path.Contains(hold.Path, StringComparison.Ordinal)) await hold.Until;
            (int status, string body) = IsAway ? (503, "") : IsElsewhere ? (404, "") : await RouteAsync(context.Request, path);
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            if (body.Length > 0) await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
            context.Response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            return; // who asked has given up, or this service ends
        }
        finally
        {
            lock (listener) unanswered--;
        }
    }

    private (int Status, string Body) Share(HttpListenerRequest request, string recording, string[] share)
    {
        if (request.HttpMethod == "DELETE") return Links.TryRemove(share[0], out _) ? (204, "") : (404, "");
        if (request.HttpMethod == "GET")
        {
            ShareList list = new() { Shares = [.. Links.Select(link => Details(link.Key, link.Value))] };
            return (200, JsonSerializer.Serialize(list, ApiJsonContext.Default.ShareList));
        }
        if (RefusedLinks > 0)
        {
            RefusedLinks--;
            return (503, "");
        }
        ShareRequest wanted = JsonSerializer.Deserialize(request.InputStream, ApiJsonContext.Default.ShareRequest)!;
        string id = $"link{Interlocked.Increment(ref linksMade) - 1}";
        Links[id] = string.Join(' ', wanted.Scopes!);
        return (201, JsonSerializer.Serialize(Details(id, Links[id]) with { Url = $"https://record.example.org/r/{recording}#k={id}" },
            ApiJsonContext.Default.ShareDetails));
    }

    private static ShareDetails Details(string id, string scopes) => new()
    {
        ShareId = id,
        Scopes = scopes.Split(' '),
        CreatedAt = DateTimeOffset.UnixEpoch,
        ExpiresAt = DateTimeOffset.MaxValue,
    };

    private async Task<(int Status, string Body)> RouteAsync(HttpListenerRequest request, string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["api", "guilds", string guild, "settings"])
        {
            if (request.HttpMethod == "GET") return settings.TryGetValue(guild, out string? stored) ? (200, stored) : (404, "");
            using StreamReader reader = new(request.InputStream);
            settings[guild] = await reader.ReadToEndAsync();
            return (200, settings[guild]);
        }
        if (!Erases && parts is ["api", _, _, "erasures", _]) return (405, "");
        if (parts is ["api", string kind, string scope, "erasures", string person])
        {
            string key = $"{kind}/{scope}/{person}";
            if (request.HttpMethod == "PUT") Erasures.TryAdd(key, new PersonErasure { UserId = person });
            return Erasures.TryGetValue(key, out PersonErasure? erasure)
                ? (200, JsonSerializer.Serialize(erasure, ApiJsonContext.Default.PersonErasure)) : (404, "");
        }
        if (parts is ["api", "recordings"] && ListRefusal is { } refusal) return (refusal, "");
        if (request.HttpMethod == "POST" && parts is ["api", "recordings", "init-live"]) return (InitAnswers.Live, "");
        if (request.HttpMethod == "POST" && parts is ["api", "recordings", "init"]) return (InitAnswers.Batch, "");
        if (parts is ["api", "recordings"])
        {
            string? wanted = request.QueryString["guildId"];
            int first = int.Parse(request.QueryString["cursor"] ?? "0", CultureInfo.InvariantCulture);
            int behind = first + int.Parse(request.QueryString["limit"]!, CultureInfo.InvariantCulture);
            RecordingDetails[] all = [.. recordings.Values.Where(one => one.GuildId == wanted).OrderByDescending(one => one.RecordedAt)];
            RecordingPage page = new()
            {
                Recordings = all[Math.Min(first, all.Length)..Math.Min(behind, all.Length)],
                NextCursor = behind < all.Length ? behind.ToString(CultureInfo.InvariantCulture) : null,
            };
            return (200, JsonSerializer.Serialize(page, ApiJsonContext.Default.RecordingPage));
        }
        if (MakesLinks && parts is ["api", "recordings", string shared, "shares", .. string[] share]) return Share(request, shared, share);
        if (parts is ["api", "recordings", _, "files"] && Files is { } files)
            return (200, JsonSerializer.Serialize(new RecordingFiles { Files = files }, ApiJsonContext.Default.RecordingFiles));
        if (parts is ["api", "recordings", string gone, "deletion"])
        {
            if (DeletionRefusal is { } refused) return (refused, "");
            if (!deleted.ContainsKey(gone)) return (404, "");
            DeletionState state = new()
            {
                RecordingId = gone,
                Status = FilesLeft > 0 ? DeletionState.Deleting : DeletionState.Deleted,
                RemainingFiles = FilesLeft,
            };
            return (200, JsonSerializer.Serialize(state, ApiJsonContext.Default.DeletionState));
        }
        if (parts is not ["api", "recordings", string id]) return (404, "");
        if (request.HttpMethod == "DELETE" && FilesLeft > 0)
        {
            deleted[id] = true;
            DeletionState state = new() { RecordingId = id, Status = DeletionState.Deleting, RemainingFiles = FilesLeft };
            return (202, JsonSerializer.Serialize(state, ApiJsonContext.Default.DeletionState));
        }
        if (request.HttpMethod == "DELETE") return recordings.TryRemove(id, out _) && !DeletedBySomebodyElse ? (204, "") : (404, "");
        if (request.HttpMethod == "PATCH")
        {
            if (!recordings.TryGetValue(id, out RecordingDetails? kept)) return (404, "");
            recordings[id] = kept with { IsKept = true, DeletesAt = null };
            return (204, "");
        }
        return recordings.TryGetValue(id, out RecordingDetails? details)
            ? (200, JsonSerializer.Serialize(details, ApiJsonContext.Default.RecordingDetails)) : (404, "");
    }
}

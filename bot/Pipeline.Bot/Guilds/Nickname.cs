using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// The bot's name in a guild says that it records: a prefix before the first packet is kept, the old name afterwards. The old name is
/// on disk before the new one is set, so that a crash in between leaves nothing behind for good.
/// </summary>
/// <param name="folder">One small file per guild whose name is changed.</param>
internal sealed class Nickname(DiscordRestClient rest, string folder, ILogger log)
{
    public const string Prefix = "[REC] ";
    private const int LongestName = 32; // Discord: Usernames and Nicknames

    /// <summary>The name while recording: the prefix and as much of the old name as fits.</summary>
    public static string WithPrefix(string name) => Wording.Cut(Prefix + name, LongestName);

    public static bool HasPrefix(string? nickname) => nickname?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>Sets the prefix. Returns the nickname to restore (null: none).</summary>
    /// <param name="nickname">The bot's present nickname in the guild.</param>
    /// <param name="accountName">Its name where it has no nickname.</param>
    /// <exception cref="DiscordRestException">The bot may not change its name.</exception>
    public async Task<string?> SetAsync(ulong guildId, string? nickname, string accountName, CancellationToken cancellationToken)
    {
        string? before = HasPrefix(nickname) ? Before(guildId, nickname!, accountName) : nickname;
        LocalState.Write(PathOf(guildId),
            JsonSerializer.SerializeToUtf8Bytes(new ChangedNickname { Before = before }, NicknameJsonContext.Default.ChangedNickname));
        try
        {
            await rest.SetNicknameAsync(guildId, WithPrefix(before ?? accountName), cancellationToken);
            return before;
        }
        catch
        {
            LocalState.Delete(PathOf(guildId));
            throw;
        }
    }

    /// <summary>Gives the old name back. A failure is logged, and tried again when the guild is seen next.</summary>
    public async Task RestoreAsync(ulong guildId, string? before, CancellationToken cancellationToken)
    {
        try
        {
            await rest.SetNicknameAsync(guildId, before, cancellationToken);
            LocalState.Delete(PathOf(guildId));
        }
        catch (Exception problem) when (DiscordFailure.Is(problem) || DiskFailure.Is(problem))
        {
            log.RenameFailed(guildId, Cause.Of(problem));
        }
    }

    /// <summary>Mends what a crash left: no recording runs in this guild, but its name says so.</summary>
    public Task MendAsync(ulong guildId, string? nickname, string accountName, CancellationToken cancellationToken)
    {
        if (HasPrefix(nickname)) return RestoreAsync(guildId, Before(guildId, nickname!, accountName), cancellationToken);
        LocalState.Delete(PathOf(guildId)); // the name is right; what the file says is history
        return Task.CompletedTask;
    }

    /// <summary>From the file; else from the prefixed name itself.</summary>
    private string? Before(ulong guildId, string nickname, string accountName)
    {
        if (Load(guildId) is { } changed) return changed.Before;
        string rest = nickname[Prefix.Length..];
        return rest.Length == 0 || accountName.StartsWith(rest, StringComparison.Ordinal) ? null : rest;
    }

    private ChangedNickname? Load(ulong guildId) =>
        LocalState.Read(PathOf(guildId), NicknameJsonContext.Default.ChangedNickname, guildId, log);

    private string PathOf(ulong guildId) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"name-{guildId}.json"));
}

/// <summary>The name that the bot had before a recording changed it; null: none.</summary>
internal sealed record ChangedNickname
{
    public string? Before { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangedNickname))]
internal sealed partial class NicknameJsonContext : JsonSerializerContext;

using System.Collections.Concurrent;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// What a session told while its call's queue was full, as far as nobody else can tell it: how the session stands, the latest of each kind,
/// and whose voices are. Who is here the main gateway knows too. One writer, one reader.
/// </summary>
internal sealed class MissedNews
{
    // As many sources without a name as a session keeps.
    private const int MostNames = Media.SourceFinder.MaxSources;

    private readonly ConcurrentDictionary<object, VoiceSessionNews> kept = new();

    /// <summary>Passes news on, or keeps them.</summary>
    /// <param name="tryPost">False where the queue is full.</param>
    public void Pass(VoiceSessionNews news, Func<VoiceSessionNews, bool> tryPost)
    {
        object? kind = KindOf(news);
        // First of all: the older must not be taken behind the newer.
        if (kind is not null && !kept.IsEmpty) kept.TryRemove(kind, out _);
        if (tryPost(news) || kind is null) return;
        if (news is not VoiceSessionNews.SourceNamed || kept.Count < MostNames) kept[kind] = news;
    }

    /// <summary>To be called when all that waited in the queue has been taken: what was kept came behind it.</summary>
    public IReadOnlyList<VoiceSessionNews> Take()
    {
        if (kept.IsEmpty) return [];
        List<VoiceSessionNews> taken = [];
        foreach (object kind in kept.Keys)
        {
            if (kept.TryRemove(kind, out VoiceSessionNews? news)) taken.Add(news);
        }
        // Nothing is told of a call that is not connected.
        return [.. taken.OrderBy(news => news is VoiceSessionNews.Live ? 0 : 1)];
    }

    private static object? KindOf(VoiceSessionNews news) => news switch
    {
        VoiceSessionNews.SourceNamed source => source.Ssrc,
        VoiceSessionNews.Live or VoiceSessionNews.MediaHeard or VoiceSessionNews.PrivacyCode or VoiceSessionNews.Protection
            or VoiceSessionNews.EncryptionBroken => news.GetType(),
        _ => null,
    };
}

using System.Collections.Concurrent;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>The accounts of all recordings that have a folder in the spool, loaded when first asked for.</summary>
internal sealed class LiveManifests(SegmentSpool spool)
{
    private readonly ConcurrentDictionary<RecordingId, LiveManifest> keepers = new();

    public IEnumerable<LiveManifest> All => keepers.Values;

    /// <summary>Called when an account wants its manifest stored, or nobody runs its recording here any more; must not block.</summary>
    public event Action? RefreshWanted;

    /// <summary>The recording's account, or null when its folder does not say whose it is.</summary>
    public LiveManifest? Find(RecordingId recording)
    {
        if (keepers.TryGetValue(recording, out LiveManifest? known)) return known;
        return LiveManifest.Load(spool.Folder(recording)) is { } loaded ? Add(loaded) : null;
    }

    /// <summary>Puts a new account here, or gives back the one that somebody else put first.</summary>
    public LiveManifest Add(LiveManifest manifest)
    {
        LiveManifest kept = keepers.GetOrAdd(manifest.Session.RecordingId, manifest);
        kept.Indexes.Wanted ??= () => RefreshWanted?.Invoke();
        kept.Released ??= () => RefreshWanted?.Invoke();
        return kept;
    }

    public void Forget(RecordingId recording)
    {
        if (keepers.TryRemove(recording, out LiveManifest? gone)) gone.Forgotten();
    }
}

using System.Collections.Concurrent;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>The accounts of all recordings that have a folder in the spool, loaded when first asked for.</summary>
public sealed class ManifestKeepers(SegmentSpool spool)
{
    private readonly ConcurrentDictionary<RecordingId, ManifestKeeper> keepers = new();

    public IEnumerable<ManifestKeeper> All => keepers.Values;

    /// <summary>Called when any account wants its manifest stored; must not block.</summary>
    public event Action? RefreshWanted;

    /// <summary>The recording's account, or null when its folder does not say whose it is.</summary>
    public ManifestKeeper? Find(RecordingId recording)
    {
        if (keepers.TryGetValue(recording, out ManifestKeeper? known)) return known;
        return ManifestKeeper.Load(spool.Folder(recording)) is { } loaded ? Add(loaded) : null;
    }

    /// <summary>Puts a new account here, or gives back the one that somebody else put first.</summary>
    public ManifestKeeper Add(ManifestKeeper keeper)
    {
        ManifestKeeper kept = keepers.GetOrAdd(keeper.Session.RecordingId, keeper);
        kept.RefreshWanted ??= () => RefreshWanted?.Invoke();
        return kept;
    }

    public void Forget(RecordingId recording) => keepers.TryRemove(recording, out _);
}

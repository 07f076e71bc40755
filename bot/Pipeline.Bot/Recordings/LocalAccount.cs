using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// What a recording writes about itself to the disk. A disk that refuses it is told of once; the storage's account goes on without. Any
/// thread.
/// </summary>
internal sealed class LocalAccount(LiveManifest manifest, TimeProvider time, ILogger logger)
{
    private volatile bool isRefused;

    /// <summary>The account of this moment.</summary>
    public bool TrySave() => Try(Save);

    /// <summary>The account of this moment, and that it is the last.</summary>
    public bool TrySave(RecordingStopped stopped) => Try(() =>
    {
        Save();
        manifest.Folder.Save(stopped);
    });

    /// <inheritdoc cref="LiveManifest.Stored"/>
    public bool TryKeep(SessionManifest stored) => Try(() => manifest.Stored(stored));

    private void Save() => manifest.SaveLocally(manifest.Compose(time.GetUtcNow()));

    private bool Try(Action save)
    {
        try
        {
            save();
            isRefused = false;
            return true;
        }
        catch (Exception refused) when (DiskFailure.Is(refused))
        {
            if (!isRefused) logger.RecordingUnsaved(manifest.Session.RecordingId.ToString(), Cause.Of(refused));
            isRefused = true;
            return false;
        }
    }
}

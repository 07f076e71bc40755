using System.Text.RegularExpressions;
using Pipeline.Contracts;

namespace Pipeline.TestKit.Stage;

/// <summary>One request in the emulator's access log.</summary>
/// <param name="Target">Path and query below the account.</param>
public sealed partial record StorageOperation(OperationKind Kind, string Method, string Target, int Status)
{
    private static readonly string[] Containers = [StorageNames.TempContainer, StorageNames.RecordingsContainer];
    private static readonly string[] Queues = [StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue,
        StorageNames.RecordingStoppedQueue, StorageNames.WebhookQueue, StorageNames.DeletionQueue, StorageNames.RenderWindowQueue,
        StorageNames.TranscribeQueue];

    /// <summary>A look into a queue, which happens whether somebody records or not.</summary>
    public bool IsPoll => Kind == OperationKind.Queue && Method == "GET" && Target.Contains("/messages", StringComparison.Ordinal);

    /// <summary>Of the manifest and its lease, which goes by the clock and not by the segment.</summary>
    public bool IsManifest => Target.Contains(BlobPaths.ManifestFileName, StringComparison.Ordinal);

    /// <summary>Every request to the account so far.</summary>
    public static IReadOnlyList<StorageOperation> Of(Azurite azurite) => [.. azurite.AccessLog.Select(Parse).OfType<StorageOperation>()];

    /// <summary>Null for a line that is no request to the account.</summary>
    public static StorageOperation? Parse(string line)
    {
        Match match = Line().Match(line);
        if (!match.Success) return null;
        (string method, string target) = (match.Groups[1].Value, match.Groups[2].Value);
        return new StorageOperation(KindOf(method, target), method, target,
            int.Parse(match.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static OperationKind KindOf(string method, string target)
    {
        string first = target.Split('/', '?', '(')[0];
        if (Queues.Any(queue => first.StartsWith(queue, StringComparison.Ordinal))) return OperationKind.Queue;
        // The files' container has the name of a table, whose rows are named in brackets.
        bool isFile = first == StorageNames.RendersContainer && target[first.Length..] is ['/', ..];
        bool isBlob = isFile || Containers.Contains(first) || target.Contains("restype=container", StringComparison.Ordinal)
            || (first.Length == 0 && target.Contains("comp=", StringComparison.Ordinal));
        if (!isBlob) return OperationKind.Table;
        if (method == "DELETE") return OperationKind.BlobDelete;
        return method is "GET" or "HEAD" && !target.Contains("comp=list", StringComparison.Ordinal) ? OperationKind.BlobRead
            : OperationKind.BlobWrite;
    }

    [GeneratedRegex("\"([A-Z]+) /pipeline/?(\\S*) HTTP/1\\.1\" (\\d{3})")]
    private static partial Regex Line();
}

using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>The container where segments live in the end.</summary>
public sealed class RecordingsContainer(StorageClients clients, SasIssuer links)
{
    private const int DeletionWidth = 16;

    private static readonly TimeSpan UploadLifetime = TimeSpan.FromMinutes(10);

    /// <summary>How long a read link lives.</summary>
    public static TimeSpan ReadLifetime { get; } = TimeSpan.FromHours(1);

    /// <summary>An address that takes one PUT of this blob within ten minutes and can neither read nor overwrite; a secret.</summary>
    public ValueTask<Uri> UploadUrlAsync(string blobName, CancellationToken cancellation) =>
        links.IssueAsync(clients.Recordings.GetBlobClient(blobName), BlobSasPermissions.Create, UploadLifetime, cancellation);

    /// <summary>
    /// A link that reads a recording's blob for an hour, or null where the address is not below this recording in this container.
    /// </summary>
    public ValueTask<Uri?> ReadLinkAsync(RecordingId recording, Uri blobUrl, CancellationToken cancellation) =>
        ReadLinkAsync(recording, blobUrl, ReadLifetime, cancellation);

    /// <summary>
    /// A link that reads a recording's blob for a while, or null where the address is not below this recording in this container.
    /// </summary>
    public async ValueTask<Uri?> ReadLinkAsync(RecordingId recording, Uri blobUrl, TimeSpan lifetime, CancellationToken cancellation) =>
        TryName(blobUrl, out string name) && name.StartsWith($"{recording}/", StringComparison.Ordinal)
            ? clients.ForPeople(await links.IssueAsync(clients.Recordings.GetBlobClient(name), BlobSasPermissions.Read, lifetime,
                cancellation, Disposition(name)))
            : null;

    /// <summary>Writes the properties of a blob that is known to be right, so that it forgets where it was copied from.</summary>
    public Task SettleAsync(Uri blobUrl, string contentMd5, CancellationToken cancellation) => TryName(blobUrl, out string name)
        ? clients.Recordings.GetBlobClient(name).SetHttpHeadersAsync(
            new BlobHttpHeaders
            {
                ContentType = SegmentFormats.OfName(name).ContentType(),
                ContentHash = Convert.FromBase64String(contentMd5),
            },
            cancellationToken: cancellation)
        : Task.CompletedTask;

    /// <summary>What lies at an address of this container; null where the address is elsewhere or nothing is there.</summary>
    public async Task<BlobFingerprint?> DescribeAsync(Uri blobUrl, CancellationToken cancellation) =>
        TryName(blobUrl, out string name) ? await BlobFingerprint.ReadAsync(clients.Recordings.GetBlobClient(name), cancellation) : null;

    /// <summary>The name of the blob at an address of this container; null where the address is elsewhere.</summary>
    public string? NameOf(Uri blobUrl) => TryName(blobUrl, out string name) ? name : null;

    /// <summary>Names and lengths in bytes of all blobs of a recording: one request per 5,000 of them.</summary>
    public async IAsyncEnumerable<(string Name, long Length)> LengthsAsync(RecordingId recording,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (BlobItem item in clients.Recordings.GetBlobsAsync(Below(recording), cancellation))
            yield return (item.Name, item.Properties.ContentLength ?? 0);
    }

    /// <summary>
    /// Reads a stretch of a blob of this length. False where the address is elsewhere, nothing is there, or it has another length.
    /// </summary>
    public async Task<bool> TryReadAsync(Uri blobUrl, long offset, Memory<byte> target, long fileSize, CancellationToken cancellation)
    {
        if (!TryName(blobUrl, out string name)) return false;
        try
        {
            using BlobDownloadStreamingResult part = await clients.Recordings.GetBlobClient(name)
                .DownloadStreamingAsync(new BlobDownloadOptions { Range = new HttpRange(offset, target.Length) }, cancellation);
            if (part.Details.ContentLength != target.Length
                || part.Details.ContentRange?.EndsWith($"/{fileSize}", StringComparison.Ordinal) == false) return false;
            await part.Content.ReadExactlyAsync(target, cancellation);
            return true;
        }
        catch (RequestFailedException absent) when (absent.Status is 404 or 416)
        {
            return false;
        }
    }

    /// <summary>True when we can read what lies at this address with our own right.</summary>
    public bool IsOurs(Uri blobUrl) => TryName(blobUrl, out _);

    /// <summary>Deletes some of a recording's blobs; repeating it is no fault.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public async Task<int> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        List<string> names = [];
        await foreach (BlobItem item in clients.Recordings.GetBlobsAsync(Below(recording), cancellation))
        {
            names.Add(item.Name);
            if (names.Count == most) break;
        }
        return await DeleteAsync(names, cancellation);
    }

    /// <summary>Deletes one person's blobs of a recording; repeating it is no fault.</summary>
    /// <returns>How many it found.</returns>
    public async Task<int> DeletePersonAsync(RecordingId recording, ulong userId, CancellationToken cancellation)
    {
        GetBlobsOptions own = new() { Prefix = string.Create(CultureInfo.InvariantCulture, $"{recording}/{userId}") };
        List<string> names = [];
        await foreach (BlobItem item in clients.Recordings.GetBlobsAsync(own, cancellation))
        {
            if (BlobPaths.TryParseSegment(item.Name, out SegmentKey key) && key.UserId == userId) names.Add(item.Name);
        }
        return await DeleteAsync(names, cancellation);
    }

    private async Task<int> DeleteAsync(List<string> names, CancellationToken cancellation)
    {
        ParallelOptions width = new() { MaxDegreeOfParallelism = DeletionWidth, CancellationToken = cancellation };
        await Parallel.ForEachAsync(names, width, async (name, stop) =>
            await clients.Recordings.GetBlobClient(name)
                .DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: stop));
        return names.Count;
    }

    /// <summary>How many blobs a recording has, counted up to <paramref name="most"/>.</summary>
    public async Task<int> CountAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        int count = 0;
        await foreach (BlobItem _ in clients.Recordings.GetBlobsAsync(Below(recording), cancellation))
        {
            if (++count == most) break;
        }
        return count;
    }

    /// <summary>A page of the recordings that have blobs here, by id.</summary>
    /// <param name="continuation">What the page before gave back; null for the first.</param>
    /// <returns>A null continuation at the end.</returns>
    public async Task<(IReadOnlyList<RecordingId> Recordings, string? Continuation)> ListRecordingsAsync(int length, string? continuation,
        CancellationToken cancellation)
    {
        GetBlobsByHierarchyOptions folders = new() { Delimiter = "/" };
        List<RecordingId> found = [];
        await foreach (Page<BlobHierarchyItem> page in clients.Recordings.GetBlobsByHierarchyAsync(folders, cancellation)
            .AsPages(continuation, length))
        {
            foreach (BlobHierarchyItem item in page.Values)
            {
                if (item.IsPrefix && RecordingId.TryParse(item.Prefix.TrimEnd('/'), out RecordingId id)) found.Add(id);
            }
            return (found, string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
        }
        return (found, null);
    }

    // Saved under the person's name: in their folders all files are called alike.
    private static string? Disposition(string name)
    {
        if (!BlobPaths.TryParseSegment(name, out _)) return null;
        string[] parts = name.Split('/');
        string file = $"{parts[1].Split('-', 2)[^1]}-{parts[2]["segment_".Length..]}";
        return $"attachment; filename*=UTF-8''{Uri.EscapeDataString(file)}";
    }

    private static GetBlobsOptions Below(RecordingId recording) => new() { Prefix = $"{recording}/" };

    private bool TryName(Uri blobUrl, out string name)
    {
        name = "";
        Uri container = clients.Recordings.Uri;
        if (!blobUrl.IsAbsoluteUri || blobUrl.Authority != container.Authority || blobUrl.Scheme != container.Scheme) return false;
        // A query decides nothing, and the builder throws at many that it cannot read.
        BlobUriBuilder parts = new(new Uri(blobUrl.GetLeftPart(UriPartial.Path)));
        if (parts.AccountName != clients.Blobs.AccountName || parts.BlobContainerName != StorageNames.RecordingsContainer) return false;
        name = parts.BlobName;
        return name.Length > 0;
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>The container of the files that people get. Files grow by blocks and become what they are by one commit.</summary>
public sealed class RendersContainer(StorageClients clients, SasIssuer links)
{
    private const int DeletionWidth = 16;
    private static readonly TimeSpan ReadLifetime = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan CopyLifetime = TimeSpan.FromMinutes(30);

    /// <summary>Puts a block beside the file; the same id again replaces it by the same bytes.</summary>
    public async Task StageAsync(string name, string block, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        ArraySegment<byte> own = MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array) ? array : bytes.ToArray();
        using MemoryStream content = new(own.Array!, own.Offset, own.Count, writable: false);
        await Block(name).StageBlockAsync(Id(block), content, cancellationToken: cancellation);
    }

    /// <summary>Puts a stretch of another file of this container as a block, from server to server.</summary>
    public async Task StageFromAsync(string name, string block, string source, ETag version, long offset, long length,
        CancellationToken cancellation)
    {
        Uri link = await links.IssueAsync(Blob(source), BlobSasPermissions.Read, CopyLifetime, cancellation);
        StageBlockFromUriOptions options = new()
        {
            SourceRange = new HttpRange(offset, length),
            SourceConditions = new RequestConditions { IfMatch = version }
        };
        await Block(name).StageBlockFromUriAsync(link, Id(block), options, cancellation);
    }

    /// <summary>
    /// Makes the file of these blocks, in this order. False: one of them is not there, or somebody else has made it meanwhile.
    /// </summary>
    /// <param name="before">What the file was when its blocks were listed.</param>
    public async Task<bool> TryCommitAsync(string name, IEnumerable<string> blocks, string contentType, StagedBlocks before,
        CancellationToken cancellation)
    {
        CommitBlockListOptions options = new()
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType, CacheControl = "private" },
            Conditions = before.Version is { } version ? new BlobRequestConditions { IfMatch = version }
                : new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        try
        {
            await Block(name).CommitBlockListAsync(blocks.Select(Id), options, cancellation);
            return true;
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.InvalidBlockList || missing.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>The blocks that the file has, or that wait for it to be committed.</summary>
    public async Task<StagedBlocks> BlocksAsync(string name, CancellationToken cancellation)
    {
        try
        {
            Response<BlockList> answer = await Block(name).GetBlockListAsync(BlockListTypes.All, cancellationToken: cancellation);
            BlockList list = answer.Value;
            Dictionary<string, long> lengths = [];
            // A commit takes the block that was put last: of one id the one that waits.
            foreach (BlobBlock block in list.CommittedBlocks.Concat(list.UncommittedBlocks))
                lengths[Encoding.ASCII.GetString(Convert.FromBase64String(block.Name))] = block.SizeLong;
            ETag? version = list.CommittedBlocks.Any() ? answer.GetRawResponse().Headers.ETag : null;
            // Blocks that only wait belong to no blob yet, or to one without a block. One that has bytes was made since.
            if (version is null && await FindAsync(name, cancellation) is { Length: 0 } empty) version = empty.Version;
            return new StagedBlocks(lengths, version);
        }
        catch (RequestFailedException none) when (none.Status == 404)
        {
            return StagedBlocks.None;
        }
    }

    /// <summary>Version and length of a file; null where none is.</summary>
    public async Task<(ETag Version, long Length)?> FindAsync(string name, CancellationToken cancellation)
    {
        try
        {
            BlobProperties found = await Blob(name).GetPropertiesAsync(cancellationToken: cancellation);
            return (found.ETag, found.ContentLength);
        }
        catch (RequestFailedException none) when (none.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Bytes of a stretch of a file; null where the file is not there or ends before.</summary>
    public async Task<byte[]?> TryReadAsync(string name, long offset, int length, CancellationToken cancellation)
    {
        try
        {
            BlobDownloadOptions options = new() { Range = new HttpRange(offset, length) };
            byte[] bytes = (await Blob(name).DownloadContentAsync(options, cancellation)).Value.Content.ToArray();
            return bytes.Length == length ? bytes : null;
        }
        catch (RequestFailedException missing) when (missing.Status is 404 or 416)
        {
            return null;
        }
    }

    /// <summary>Writes a file's bytes into a stream, piece by piece.</summary>
    public Task CopyToAsync(string name, Stream target, CancellationToken cancellation) =>
        Blob(name).DownloadToAsync(target, cancellation);

    /// <summary>A link that saves the file under a name for a quarter of an hour; a secret.</summary>
    public async ValueTask<Uri> ReadLinkAsync(string name, string fileName, CancellationToken cancellation) =>
        clients.ForPeople(await links.IssueAsync(Blob(name), BlobSasPermissions.Read, ReadLifetime, cancellation,
            $"attachment; filename*=UTF-8''{Uri.EscapeDataString(fileName)}"));

    /// <summary>Deletes some files of a recording; repeating it is no fault.</summary>
    /// <returns>How many it found: fewer than <paramref name="most"/> when none is left.</returns>
    public async Task<int> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        // Blocks that wait are no blob yet: they are listed as uncommitted ones.
        GetBlobsOptions below = new() { Prefix = $"{recording}/", States = BlobStates.Uncommitted };
        List<string> names = [];
        await foreach (BlobItem item in Container.GetBlobsAsync(below, cancellation))
        {
            names.Add(item.Name);
            if (names.Count == most) break;
        }
        ParallelOptions width = new() { MaxDegreeOfParallelism = DeletionWidth, CancellationToken = cancellation };
        await Parallel.ForEachAsync(names, width, async (name, stop) => await DeleteAsync(name, stop));
        return names.Count;
    }

    public async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        // gives up blocks that wait
        if (await FindAsync(name, cancellation) is null) await Block(name).CommitBlockListAsync([], cancellationToken: cancellation);
        await Blob(name).DeleteIfExistsAsync(cancellationToken: cancellation);
    }

    /// <summary>Deletes a file if it is still the one that was found, or gives up blocks that wait for one that was not.</summary>
    /// <param name="found">Its version; null where there was none.</param>
    public async Task DeleteFoundAsync(string name, ETag? found, CancellationToken cancellation)
    {
        try
        {
            CommitBlockListOptions ifNone = new() { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            ETag version = found ?? (await Block(name).CommitBlockListAsync([], ifNone, cancellation)).Value.ETag;
            await Blob(name).DeleteIfExistsAsync(conditions: new BlobRequestConditions { IfMatch = version },
                cancellationToken: cancellation);
        }
        catch (RequestFailedException made) when (made.Status is 409 or 412)
        {
            // Somebody has made another one meanwhile: it stays.
        }
    }

    private BlobContainerClient Container => clients.Blobs.GetBlobContainerClient(StorageNames.RendersContainer);

    private BlobClient Blob(string name) => Container.GetBlobClient(name);

    private BlockBlobClient Block(string name) => Container.GetBlockBlobClient(name);

    private static string Id(string block) => Convert.ToBase64String(Encoding.ASCII.GetBytes(block));
}

/// <summary>Blocks of a file.</summary>
/// <param name="Lengths">Bytes of those that it has and of those that wait, by id.</param>
/// <param name="Version">Of the file; null where none is yet.</param>
public sealed record StagedBlocks(IReadOnlyDictionary<string, long> Lengths, ETag? Version)
{
    public static StagedBlocks None { get; } = new(new Dictionary<string, long>(), null);

    public IEnumerable<string> Ids => Lengths.Keys;

    public bool Contains(string block) => Lengths.ContainsKey(block);

    /// <summary>It is there, and as long as it should be.</summary>
    /// <param name="length">Bytes.</param>
    public bool Contains(string block, long length) => Lengths.GetValueOrDefault(block, -1) == length;
}

using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// A temp blob as the body of a PUT: streamed through an 80 KB buffer, opened again for every try, hashed on its way,
/// so that we know what was sent and not only what the blob says of itself.
/// </summary>
internal sealed class SegmentContent : HttpContent
{
    private const int BufferLength = 80 * 1024;
    private readonly TempContainer temp;
    private readonly TempBlob blob;

    public SegmentContent(TempContainer temp, TempBlob blob, string contentMd5)
    {
        (this.temp, this.blob) = (temp, blob);
        Headers.ContentType = new MediaTypeHeaderValue(SegmentFormats.OfName(blob.Name).ContentType());
        Headers.ContentLength = blob.Length;
        Headers.ContentMD5 = Convert.FromBase64String(contentMd5);
    }

    /// <summary>MD5 of the bytes of the last try, base64; null before it ended.</summary>
    public string? SentMd5 { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SendAsync(stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        SendAsync(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = blob.Length;
        return true;
    }

    private async Task SendAsync(Stream target, CancellationToken cancellation)
    {
        SentMd5 = null;
        // RFC 1321, as Content-MD5 wants it; no secret hangs on it.
#pragma warning disable CA5351
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        await using Stream source = await temp.OpenAsync(blob, cancellation);
        byte[] buffer = new byte[BufferLength];
        for (int read; (read = await source.ReadAsync(buffer, cancellation)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
        SentMd5 = Convert.ToBase64String(hash.GetHashAndReset());
    }
}

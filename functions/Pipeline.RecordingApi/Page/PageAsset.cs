using System.IO.Compression;
using System.Text;
using Pipeline.RecordingApi.Http;

namespace Pipeline.RecordingApi.Page;

/// <summary>One file of the page as it goes out: plain and packed, with a tag that changes with it.</summary>
public sealed record PageAsset(string ContentType, byte[] Plain, byte[] Gzip, byte[] Brotli, string Etag)
{
    internal static PageAsset Of(string name, string text)
    {
        byte[] plain = Encoding.UTF8.GetBytes(text);
        string type = Path.GetExtension(name) switch
        {
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".html" => "text/html; charset=utf-8",
            _ => throw new InvalidOperationException($"the page has a file of an unknown kind: {name}"),
        };
        return new PageAsset(type, plain, Pack(plain, to => new GZipStream(to, CompressionLevel.SmallestSize)),
            Pack(plain, to => new BrotliStream(to, CompressionLevel.SmallestSize)), EntityTag.Of(plain));
    }

    private static byte[] Pack(byte[] plain, Func<Stream, Stream> packer)
    {
        using MemoryStream packed = new();
        using (Stream stream = packer(packed)) stream.Write(plain);
        return packed.ToArray();
    }
}

using System.Collections.Concurrent;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pipeline.Deployment.Tests.Image;

/// <summary>
/// A container registry on loopback with one image, <c>dotnet/runtime-deps:10.0</c>, as Microsoft's describes it: an index of platforms,
/// the
/// manifest and configuration of linux/amd64, and a layer that holds the user. Plain HTTP, reading only. OCI Distribution Specification,
/// "Pulling manifests", "Pulling blobs".
/// </summary>
internal sealed class BaseImageRegistry : IAsyncDisposable
{
    private const string Repository = "dotnet/runtime-deps";
    private const string IndexType = "application/vnd.docker.distribution.manifest.list.v2+json";
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>What Microsoft's image sets; the user is read from APP_UID, and ASPNETCORE_HTTP_PORTS becomes the exposed port.</summary>
    public static readonly string[] Variables = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "APP_UID=1654",
        "ASPNETCORE_HTTP_PORTS=8080", "DOTNET_RUNNING_IN_CONTAINER=true"];

    private readonly WebApplication app;
    private readonly Dictionary<string, (string Type, byte[] Bytes)> served = [];

    private BaseImageRegistry(WebApplication app)
    {
        this.app = app;
        byte[] files = Layer(), layer = Compress(files);
        byte[] configuration = Json(
            new
            {
                architecture = "amd64",
                os = "linux",
                config = new { Env = Variables },
                rootfs = new { type = "layers", diff_ids = new[] { Digest(files) } },
                history = new[] { new { created_by = "stand-in" } }
            });
        byte[] manifest = Json(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new
            {
                mediaType = "application/vnd.docker.container.image.v1+json",
                size = configuration.Length,
                digest = Digest(configuration)
            },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length,
                digest = Digest(layer) } },
        });
        byte[] otherPlatform = Json(new { schemaVersion = 2 });
        byte[] index = Json(new
        {
            schemaVersion = 2,
            mediaType = IndexType,
            manifests = new[]
            {
                new { mediaType = ManifestType, size = otherPlatform.Length, digest = Digest(otherPlatform),
                    platform = new { architecture = "arm64", os = "linux" } },
                new { mediaType = ManifestType, size = manifest.Length, digest = Digest(manifest),
                    platform = new { architecture = "amd64", os = "linux" } },
            },
        });
        served["manifests/10.0"] = (IndexType, index);
        served[$"manifests/{Digest(manifest)}"] = (ManifestType, manifest);
        foreach (byte[] blob in new[] { configuration, layer }) served[$"blobs/{Digest(blob)}"] = ("application/octet-stream", blob);
    }

    /// <summary>Host and port, as a registry is named.</summary>
    public string Name => new Uri(app.Urls.First()).Authority;

    public string BaseImage => $"{Name}/{Repository}:10.0";

    /// <summary>Requests that were answered with 404 or 405.</summary>
    public ConcurrentQueue<string> Refused { get; } = [];

    public static async Task<BaseImageRegistry> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        BaseImageRegistry registry = new(app);
        app.Run(registry.AnswerAsync);
        await app.StartAsync();
        return registry;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        string prefix = $"/v2/{Repository}/", path = context.Request.Path.Value ?? "";
        bool reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!reads || !path.StartsWith(prefix, StringComparison.Ordinal)
            || !served.TryGetValue(path[prefix.Length..], out (string Type, byte[] Bytes) answer))
        {
            Refused.Enqueue($"{context.Request.Method} {path}");
            context.Response.StatusCode = reads ? StatusCodes.Status404NotFound : StatusCodes.Status405MethodNotAllowed;
            return;
        }
        context.Response.ContentType = answer.Type;
        context.Response.ContentLength = answer.Bytes.Length;
        context.Response.Headers["Docker-Content-Digest"] = Digest(answer.Bytes);
        if (HttpMethods.IsGet(context.Request.Method)) await context.Response.Body.WriteAsync(answer.Bytes, context.RequestAborted);
    }

    private static byte[] Layer()
    {
        using MemoryStream bytes = new();
        using (TarWriter writer = new(bytes, leaveOpen: true))
        {
            PaxTarEntry users = new(TarEntryType.RegularFile,
                "etc/passwd")
            {
                DataStream = new MemoryStream(
                Encoding.UTF8.GetBytes("root:x:0:0:root:/root:/bin/bash\napp:x:1654:1654::/home/app:/bin/sh\n"))
            };
            writer.WriteEntry(users);
        }
        return bytes.ToArray();
    }

    private static byte[] Compress(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return compressed.ToArray();
    }

    private static byte[] Json(object value) => JsonSerializer.SerializeToUtf8Bytes(value);

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}

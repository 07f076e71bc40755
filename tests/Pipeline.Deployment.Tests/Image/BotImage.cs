using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Image;

/// <summary>
/// The bot's container image as the SDK makes it without an engine: published into a folder of its own, unpacked for looking at.
/// </summary>
internal sealed class BotImage : IDisposable
{
    private readonly TempFolder folder = new();

    private BotImage()
    {
    }

    /// <summary>The image is for linux-x64 and takes libopus from the machine that publishes; elsewhere its tests are left out.</summary>
    public static bool CanPublish =>
        OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
        && File.Exists("/usr/lib/x86_64-linux-gnu/libopus.so.0");

    /// <summary>The property <c>config</c> of the image's configuration: how a container is started.</summary>
    public JsonElement Start { get; private set; }

    /// <summary>The platform, as the configuration names it.</summary>
    public string Platform { get; private set; } = "";

    /// <summary>Everything in the layer that lies on the base image, by its path, with its permissions; folders left out.</summary>
    public Dictionary<string, UnixFileMode> Files { get; } = [];

    /// <summary>The configuration and manifest as they were written.</summary>
    public string Texts { get; private set; } = "";

    /// <param name="properties">How this row is compiled.</param>
    /// <param name="environment">Variables that the publishing shell happens to hold.</param>
    public static async Task<BotImage> PublishAsync(string[] properties, Dictionary<string, string?> environment)
    {
        BotImage image = new();
        await using BaseImageRegistry registry = await BaseImageRegistry.StartAsync();
        // The SDK keeps layers in the temp folder, and a build server would go on in it when it is gone.
        Dictionary<string,
            string?> variables = new(environment)
            {
                ["TMPDIR"] = image.folder.Path,
                ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Name,
                ["MSBUILDDISABLENODEREUSE"] = "1"
            };
        await using ChildProcess publish = ChildProcess.Start(
            "dotnet",
            [
                "publish", RepositoryRoot.Combine("bot", "Pipeline.Bot"), "-c", "Release", "-r", "linux-x64", "-t:PublishContainer",
                    "--artifacts-path", image.folder.Combine("build"),
                $"-p:ContainerBaseImage={registry.BaseImage}", $"-p:ContainerArchiveOutputPath={image.folder.Combine("bot.tar")}",
                "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "-v", "q", "--nologo", .. properties,
            ],
            variables);
        Assert.True(await publish.WaitForExitAsync(TimeSpan.FromMinutes(15)) == 0, string.Join('\n', publish.Lines));
        Assert.Empty(registry.Refused);
        await image.UnpackAsync();
        return image;
    }

    /// <summary>Where a file of the image lies on this machine.</summary>
    public string PathOf(string file) => folder.Combine("root", file);

    public void Dispose() => folder.Dispose();

    private async Task UnpackAsync()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string archive = folder.Combine("archive"), root = folder.Combine("root");
        Directory.CreateDirectory(archive);
        Directory.CreateDirectory(root);
        await TarFile.ExtractToDirectoryAsync(folder.Combine("bot.tar"), archive, overwriteFiles: false, cancellation);
        string manifestText = await File.ReadAllTextAsync(Path.Combine(archive, "manifest.json"), cancellation);
        JsonElement manifest = Assert.Single(JsonElement.Parse(manifestText).EnumerateArray());
        string configurationText = await File.ReadAllTextAsync(Path.Combine(archive, manifest.GetProperty("Config").GetString()!),
            cancellation);
        Texts = manifestText + configurationText;
        JsonElement configuration = JsonElement.Parse(configurationText);
        Start = configuration.GetProperty("config");
        Platform = $"{configuration.GetProperty("os").GetString()}/{configuration.GetProperty("architecture").GetString()}";
        string[] layers = [.. manifest.GetProperty("Layers").EnumerateArray().Select(layer => layer.GetString()!)];
        Assert.Equal(2, layers.Length);
        await using GZipStream files = new(File.OpenRead(Path.Combine(archive, layers[1])), CompressionMode.Decompress);
        await using TarReader reader = new(files);
        while (await reader.GetNextEntryAsync(copyData: true, cancellation) is { } entry)
        {
            if (entry.EntryType is TarEntryType.Directory) Directory.CreateDirectory(Path.Combine(root, entry.Name));
            else await entry.ExtractToFileAsync(Path.Combine(root, entry.Name), overwrite: false, cancellation);
            if (entry.EntryType is not TarEntryType.Directory) Files[entry.Name] = entry.Mode;
        }
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Pipeline.Deployment.Tests.Image;

/// <summary>
/// What azd pushes: the bot's image from <c>dotnet publish -t:PublishContainer</c>, taken apart, and its program started.
/// </summary>
[Trait("Category", "Long")]
public sealed class BotImageTests
{
    private const string Secret = "not-for-the-image-5f2d";

    private static readonly string[] Linkers = ["/usr/bin/clang", "/usr/bin/gcc"];

    /// <summary>
    /// As on a machine without a linker, but for the trimming, which takes its time and changes nothing that is looked at here.
    /// </summary>
    [Fact]
    public Task Image_holds_the_program_and_its_two_libraries_and_runs() =>
        RequireAsync(atMostMegabytes: 150, "-p:PublishAot=false", "-p:PublishTrimmed=false");

    /// <summary>As it is deployed.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public Task Native_image_holds_the_program_and_its_two_libraries_and_runs()
    {
        Assert.SkipUnless(Linkers.Any(File.Exists), "native code needs a linker: SETUP_PARTS=linker infra/setup.sh");
        return RequireAsync(atMostMegabytes: 60);
    }

    private static async Task RequireAsync(int atMostMegabytes, params string[] properties)
    {
        Assert.SkipUnless(BotImage.CanPublish, "the image is made on Linux (x64) with libopus0: run infra/setup.sh");
        Dictionary<string,
            string?> shell = new()
            {
                ["DISCORD_TOKEN"] = Secret,
                ["PipelineStorage"] = $"AccountName=a;AccountKey={Secret}",
                ["RecordingApi__ApiKey"] = Secret
            };
        using BotImage image = await BotImage.PublishAsync(properties, shell);
        RequireStart(image);
        RequireFiles(image, atMostMegabytes);
        await RequireProgramAsync(image);
    }

    private static void RequireStart(BotImage image)
    {
        Assert.Equal("linux/amd64", image.Platform);
        Assert.Equal(["/app/Pipeline.Bot"], Texts(image.Start.GetProperty("Entrypoint")));
        Assert.Equal(["run"], Texts(image.Start.GetProperty("Cmd")));
        Assert.Equal("1654", image.Start.GetProperty("User").GetString());
        Assert.Equal("/app/", image.Start.GetProperty("WorkingDir").GetString());
        string[] variables = [.. BaseImageRegistry.Variables, "RECORDING_SPOOL_FOLDER=/spool", "HEALTH_ENDPOINT=http://0.0.0.0:8080",
            "DOTNET_GCgen0size=100000"];
        Assert.Equal(variables.Order(StringComparer.Ordinal), Texts(image.Start.GetProperty("Env")).Order(StringComparer.Ordinal));
        Assert.Equal(["8080/tcp"], image.Start.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name));
        Assert.DoesNotContain(Secret, image.Texts, StringComparison.Ordinal);
    }

    private static void RequireFiles(BotImage image, int atMostMegabytes)
    {
        Assert.Equal(["app/Pipeline.Bot", "app/libopus.so.0", "app/libsodium.so"], image.Files.Keys.Order(StringComparer.Ordinal));
        foreach ((string file, UnixFileMode mode) in image.Files)
        {
            byte[] bytes = File.ReadAllBytes(image.PathOf(file));
            Assert.True(bytes.AsSpan().StartsWith("\u007fELF"u8), file);
            Assert.True(mode.HasFlag(UnixFileMode.OtherRead | UnixFileMode.OtherExecute) && !mode.HasFlag(UnixFileMode.OtherWrite),
                $"{file}: {mode}");
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0 && bytes.AsSpan()
                .IndexOf(Encoding.Unicode.GetBytes(Secret)) < 0, $"{file} holds a secret of the shell that published it");
        }
        long size = new FileInfo(image.PathOf("app/Pipeline.Bot")).Length;
        Assert.True(size < atMostMegabytes * 1_000_000L, $"Pipeline.Bot has {size:N0} bytes");
        foreach ((string library, string function) in new[] { ("app/libopus.so.0", "opus_decoder_create"),
            ("app/libsodium.so", "sodium_init") })
        {
            nint handle = NativeLibrary.Load(image.PathOf(library));
            Assert.True(NativeLibrary.TryGetExport(handle, function, out _), $"{library} has no {function}");
        }
    }

    private static async Task RequireProgramAsync(BotImage image)
    {
        (int exitCode, string output) = await RunAsync(image, "--version");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("0.1.0", output, StringComparison.Ordinal);
        (exitCode, output) = await RunAsync(image, "--help");
        Assert.Equal(0, exitCode);
        Assert.All(new[] { "run", "doctor", "replay", "health" }, command =>
            Assert.Contains($"\n  {command} ", output, StringComparison.Ordinal));
        (exitCode, output) = await RunAsync(image, "run"); // no variable is set, so it cannot start, and says so
        Assert.Equal(2, exitCode);
        Assert.Contains("DISCORD_TOKEN", output, StringComparison.Ordinal);
    }

    /// <summary>With an empty environment: what the program needs is in the image or in any Linux.</summary>
    private static async Task<(int ExitCode, string Output)> RunAsync(BotImage image, string argument)
    {
        ProcessStartInfo start = new(image.PathOf("app/Pipeline.Bot"), [argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = image.PathOf("app")
        };
        start.Environment.Clear();
        using Process program = Process.Start(start)!;
        Task<string> output = program.StandardOutput.ReadToEndAsync(), errors = program.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        await program.WaitForExitAsync(limit.Token);
        return (program.ExitCode, await output + await errors);
    }

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(text => text.GetString()!);
}

using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pipeline.TestKit.Speech;

/// <summary>
/// Services that turn speech into text, on loopback, built from what their vendors publish: OpenAI's "Create transcription" and Azure
/// Speech's fast transcription. Strict: a request that the real one would refuse gets 400 with the reason, and is kept in
/// <see cref="Refused"/>.
/// </summary>
public sealed class SpeechService : IAsyncDisposable
{
    /// <summary>What callers must show.</summary>
    public const string Key = "a-key-of-the-speech-service";

    private const int LargestFile = 25 * 1024 * 1024;

    private readonly WebApplication app;

    private SpeechService(WebApplication app) => this.app = app;

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary><c>Transcription__Endpoint</c> of the kind <c>openai</c>.</summary>
    public Uri OpenAi => new(Address, "v1");

    /// <summary>What is answered; a test replaces it.</summary>
    public Func<SpeechRequest, HttpContext, Task<IResult>> Answer { get; set; } = (_, _) =>
        Task.FromResult(Results.Text("""{"task":"transcribe","language":"english","duration":1,"text":"","segments":[],"words":[]}"""));

    /// <summary>Requests that were right, in their order.</summary>
    public ConcurrentQueue<SpeechRequest> Requests { get; } = new();

    /// <summary>Why requests were refused.</summary>
    public ConcurrentQueue<string> Refused { get; } = new();

    public static async Task<SpeechService> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        SpeechService service = new(app);
        app.MapPost("/v1/audio/transcriptions", context => service.TakeAsync(context, OpenAiFault, "file"));
        app.MapPost("/speechtotext/transcriptions:transcribe", context => service.TakeAsync(context, AzureFault, "audio"));
        await app.StartAsync();
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context, Func<HttpContext, SpeechRequest, string?> faultOf, string filePart)
    {
        if (!context.Request.HasFormContentType)
        {
            await RefuseAsync(context, "the body is no form");
            return;
        }
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form.Files.GetFile(filePart) is not { } file || form.Files.Count != 1)
        {
            await RefuseAsync(context, $"there must be one file, '{filePart}'");
            return;
        }
        using MemoryStream wave = new();
        await file.CopyToAsync(wave, context.RequestAborted);
        SpeechRequest request = new(
            [.. form.SelectMany(field => field.Value.Select(value => (field.Key, value ?? "")))], file.FileName, wave.ToArray());
        if ((WaveFault(request, file.ContentType) ?? faultOf(context, request)) is { } fault)
        {
            await RefuseAsync(context, fault);
            return;
        }
        Requests.Enqueue(request);
        IResult answer = await Answer(request, context);
        await answer.ExecuteAsync(context);
    }

    private async Task RefuseAsync(HttpContext context, string reason)
    {
        Refused.Enqueue(reason);
        await Results.Json(new { error = new { message = reason } }, statusCode: 400).ExecuteAsync(context);
    }

    private static string? WaveFault(SpeechRequest request, string? contentType)
    {
        if (contentType != "audio/wav") return $"the sound is {contentType}";
        if (request.FileName?.EndsWith(".wav", StringComparison.Ordinal) != true) return "the file's name must say its format";
        if (request.Wave.Length is <= 44 or > LargestFile) return $"{request.Wave.Length} bytes";
        bool isWave = request.Wave.AsSpan(0, 4).SequenceEqual("RIFF"u8) && request.Wave.AsSpan(8, 8).SequenceEqual("WAVEfmt "u8)
            && BitConverter.ToInt16(request.Wave, 22) == 1 && BitConverter.ToInt32(request.Wave, 24) == 16_000
            && BitConverter.ToInt32(request.Wave, 40) == request.Wave.Length - 44;
        return isWave ? null : "no WAV of one channel at 16 kHz";
    }

    private static string? OpenAiFault(HttpContext context, SpeechRequest request)
    {
        if (context.Request.Headers.Authorization != $"Bearer {Key}") return "no key";
        string[] names = ["model", "language", "response_format", "timestamp_granularities[]"];
        if (request.Fields.FirstOrDefault(field => !names.Contains(field.Name)) is { Name: { } unknown }) return $"unknown field {unknown}";
        if (string.IsNullOrEmpty(request.Field("model"))) return "no model";
        if (request.Field("response_format") != "verbose_json") return "times need verbose_json";
        if (request.Field("language") is { } language && (language.Length != 2 || !language.All(char.IsAsciiLetterLower)))
            return $"{language} is not ISO 639-1";
        string?[] granularities = [.. request.Fields.Where(field => field.Name == names[3]).Select(field => field.Value).Order()];
        return granularities is ["segment", "word"] ? null : "granularities are segment and word";
    }

    private static string? AzureFault(HttpContext context, SpeechRequest request)
    {
        if (context.Request.Headers["Ocp-Apim-Subscription-Key"] != Key) return "no key";
        if (context.Request.Query["api-version"] != "2024-11-15" || context.Request.Query.Count != 1) return "no api-version";
        if (request.Fields is not [{ Name: "definition", Value: { } json }]) return "there must be one field, 'definition'";
        using JsonDocument definition = JsonDocument.Parse(json);
        string[] names = [.. definition.RootElement.EnumerateObject().Select(property => property.Name)];
        if (names.Except(["locales", "profanityFilterMode", "channels", "diarization"]).Any()) return $"unknown: {json}";
        return !definition.RootElement.TryGetProperty("locales", out JsonElement locales) || locales.GetArrayLength() > 0 ? null
            : "locales is empty";
    }
}

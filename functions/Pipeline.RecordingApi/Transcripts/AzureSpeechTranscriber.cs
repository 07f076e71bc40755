using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// Azure Speech "fast transcription": <c>POST {endpoint}/speechtotext/transcriptions:transcribe</c> with the sound and a definition
/// (REST API 2024-11-15, "Transcriptions - Transcribe").
/// </summary>
internal sealed class AzureSpeechTranscriber(TranscriptionOptions options, TranscriptionHttp http) : ITranscriber
{
    public const string KeyHeader = "Ocp-Apim-Subscription-Key";
    private const string Path = "/speechtotext/transcriptions:transcribe?api-version=2024-11-15";
    private const double Milliseconds = 1_000;

    public async Task<Transcription> TranscribeAsync(byte[] wave, CancellationToken cancellation)
    {
        using MultipartFormDataContent form = [];
        ByteArrayContent audio = new(wave);
        audio.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        form.Add(audio, "audio", "talk.wav");
        // Without locales the service finds out.
        AzureDefinition definition = new() { Locales = options.Languages.Count > 0 ? options.Languages : null };
        StringContent json = new(JsonSerializer.Serialize(definition, AzureSpeechJsonContext.Default.AzureDefinition));
        json.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        form.Add(json, "definition");
        Uri address = new(options.Endpoint!.GetLeftPart(UriPartial.Authority) + Path);
        AzureAnswer answer = await http.PostAsync(address, form, request => request.Headers.Add(KeyHeader, options.Key),
            AzureSpeechJsonContext.Default.AzureAnswer, cancellation);
        return Read(answer);
    }

    internal static Transcription Read(AzureAnswer answer)
    {
        if (answer.Phrases is null) throw new TranscriptionException("its answer has no phrases");
        AzurePhrase[] phrases = [.. answer.Phrases.OfType<AzurePhrase>()];
        return new Transcription(
            phrases.GroupBy(phrase => phrase.Locale).OrderByDescending(same => same.Count()).Select(same => same.Key).FirstOrDefault(),
            [.. phrases.Where(phrase => !string.IsNullOrWhiteSpace(phrase.Text)).Select(phrase => new HeardPhrase(
                phrase.OffsetMilliseconds / Milliseconds,
                (phrase.OffsetMilliseconds + phrase.DurationMilliseconds) / Milliseconds,
                phrase.Text!.Trim(),
                phrase.Confidence is >= 0 and <= 1 ? phrase.Confidence : null,
                [.. (phrase.Words ?? []).OfType<AzureWord>().Where(word => !string.IsNullOrWhiteSpace(word.Text)).Select(word =>
                    new HeardWord(word.OffsetMilliseconds / Milliseconds,
                        (word.OffsetMilliseconds + word.DurationMilliseconds) / Milliseconds, word.Text!.Trim()))]))]);
    }
}

/// <summary>The part <c>definition</c> of the request.</summary>
internal sealed record AzureDefinition
{
    public IReadOnlyList<string>? Locales { get; init; }
}

/// <summary>The answer, as far as we read it.</summary>
internal sealed record AzureAnswer
{
    public List<AzurePhrase?>? Phrases { get; init; }
}

internal sealed record AzurePhrase
{
    public double OffsetMilliseconds { get; init; }
    public double DurationMilliseconds { get; init; }
    public string? Text { get; init; }
    public string? Locale { get; init; }
    public double? Confidence { get; init; }
    public List<AzureWord?>? Words { get; init; }
}

internal sealed record AzureWord
{
    public double OffsetMilliseconds { get; init; }
    public double DurationMilliseconds { get; init; }
    public string? Text { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AzureDefinition))]
[JsonSerializable(typeof(AzureAnswer))]
internal sealed partial class AzureSpeechJsonContext : JsonSerializerContext;

using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// <c>POST {endpoint}/audio/transcriptions</c> as api.openai.com, Azure OpenAI and many servers of one's own speak it; answers in
/// <c>verbose_json</c> (OpenAI API reference, "Create transcription").
/// </summary>
internal sealed class OpenAiTranscriber(TranscriptionOptions options, TranscriptionHttp http) : ITranscriber
{
    private const string AzureVersion = "2024-06-01";

    public async Task<Transcription> TranscribeAsync(byte[] wave, CancellationToken cancellation)
    {
        using MultipartFormDataContent form = [];
        ByteArrayContent file = new(wave);
        file.Headers.ContentType = new MediaTypeHeaderValue("audio/wav");
        form.Add(file, "file", "talk.wav");
        Add(form, "model", options.Model);
        Add(form, "response_format", "verbose_json");
        Add(form, "timestamp_granularities[]", "segment");
        Add(form, "timestamp_granularities[]", "word");
        if (options.Language is { } language) Add(form, "language", language);
        OpenAiAnswer answer = await http.PostAsync(Address(options.Endpoint!), form, Sign, OpenAiJsonContext.Default.OpenAiAnswer,
            cancellation);
        return Read(answer);
    }

    /// <summary>Phrases with their words: a word belongs to the phrase that holds its middle.</summary>
    internal static Transcription Read(OpenAiAnswer answer)
    {
        if (answer.Text is null && answer.Segments is null) throw new TranscriptionException("its answer has no text");
        List<HeardWord> words = [.. (answer.Words ?? []).OfType<OpenAiWord>().Where(word => !string.IsNullOrWhiteSpace(word.Word))
            .Select(word => new HeardWord(word.Start, word.End, word.Word!.Trim()))];
        List<OpenAiSegment> segments = [.. (answer.Segments ?? []).OfType<OpenAiSegment>()];
        if (segments.Count == 0)
        {
            string text = answer.Text?.Trim() ?? "";
            double end = answer.Duration > 0 ? answer.Duration : words.Select(word => word.End).DefaultIfEmpty(double.MaxValue).Max();
            return new Transcription(answer.Language, text.Length == 0 ? [] : [new HeardPhrase(0, end, text, null, words)]);
        }
        List<List<HeardWord>> own = [.. segments.Select(_ => new List<HeardWord>())];
        foreach (HeardWord word in words)
        {
            double middle = (word.Start + word.End) / 2;
            int at = segments.FindLastIndex(segment => segment.Start <= middle);
            own[Math.Max(0, at)].Add(word);
        }
        return new Transcription(answer.Language, [.. segments.Index()
            .Where(one => !string.IsNullOrWhiteSpace(one.Item.Text))
            .Select(one => new HeardPhrase(one.Item.Start, one.Item.End, one.Item.Text!.Trim(), Confidence(one.Item), own[one.Index]))]);
    }

    internal static Uri Address(Uri endpoint)
    {
        string address = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        string query = address.Contains("/openai/deployments/", StringComparison.OrdinalIgnoreCase) ? $"?api-version={AzureVersion}" : "";
        return new Uri(address.EndsWith("/audio/transcriptions", StringComparison.Ordinal) ? address + query
            : $"{address}/audio/transcriptions{query}");
    }

    private void Sign(HttpRequestMessage request)
    {
        if (options.Key is null) return;
        if (request.RequestUri!.AbsolutePath.StartsWith("/openai/", StringComparison.OrdinalIgnoreCase))
            request.Headers.Add("api-key", options.Key);
        else request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Key);
    }

    private static void Add(MultipartFormDataContent form, string name, string value)
    {
        StringContent content = new(value);
        content.Headers.ContentType = null;
        form.Add(content, name);
    }

    // The mean logarithm of the tokens' probability.
    private static double? Confidence(OpenAiSegment segment) =>
        segment.MeanLogProbability is { } log && double.IsFinite(log) ? Math.Clamp(Math.Exp(log), 0, 1) : null;
}

/// <summary>The answer in <c>verbose_json</c>, as far as we read it. Times in seconds.</summary>
internal sealed record OpenAiAnswer
{
    public string? Text { get; init; }
    public string? Language { get; init; }
    public double Duration { get; init; }

    /// <summary>Services put null where they have nothing to say.</summary>
    public List<OpenAiSegment?>? Segments { get; init; }

    public List<OpenAiWord?>? Words { get; init; }
}

internal sealed record OpenAiSegment
{
    public double Start { get; init; }
    public double End { get; init; }
    public string? Text { get; init; }

    [JsonPropertyName("avg_logprob")]
    public double? MeanLogProbability { get; init; }
}

internal sealed record OpenAiWord
{
    public string? Word { get; init; }
    public double Start { get; init; }
    public double End { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OpenAiAnswer))]
internal sealed partial class OpenAiJsonContext : JsonSerializerContext;

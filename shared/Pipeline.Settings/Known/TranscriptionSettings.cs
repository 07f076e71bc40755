using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>What turns talk into text; without an address nothing is sent anywhere.</summary>
public static class TranscriptionSettings
{
    public const string OpenAi = "openai", AzureSpeech = "azure-speech", Whisper = "whisper";

    public static Setting<Uri?> Endpoint { get; } = new(
        "Transcription__Endpoint", Programs.Functions, new AddressForm(AddressSchemes.HttpOrHttps, "https://api.openai.com/v1"), null,
        "The service that turns talk into text: `https://api.openai.com/v1` or what speaks like it, or an Azure Speech resource")
    { DefaultInWords = "none: no transcripts" };

    public static Setting<string?> Kind { get; } = new(
        "Transcription__Kind", Programs.Functions, new WordForm(OpenAi, AzureSpeech, Whisper), OpenAi,
        "`openai`: `{endpoint}/audio/transcriptions`, also of other vendors' servers; `azure-speech`: fast transcription; "
        + "`whisper`: a model of your own, in the functions without a Functions host");

    public static Setting<string?> ModelPath { get; } = new(
        "Transcription__ModelPath", Programs.Functions, new TextForm("a file"), null,
        "The model file of whisper.cpp for `whisper`, such as `ggml-base.bin`; not with an endpoint");

    public static Setting<string?> Key { get; } = new(
        "Transcription__Key", Programs.Functions, new SecretForm("a key"), null, "What is shown there; over https only")
    { IsSecret = true };

    public static Setting<string?> Model { get; } = new(
        "Transcription__Model", Programs.Functions, new TextForm("a model that answers verbose_json"), "whisper-1",
        "The model to ask for (`openai`)");

    public static Setting<string?> Language { get; } = new(
        "Transcription__Language", Programs.Functions,
        new TextForm("a language such as en or de-DE, or several with commas between", IsTags), null,
        "What people speak (`openai` and `whisper` take the first)")
    { DefaultInWords = "found by the service" };

    public static Setting<TimeSpan> Timeout { get; } = new(
        "Transcription__Timeout", Programs.Functions, new DurationForm(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
        TimeSpan.FromMinutes(2), "How long one answer may take");

    public static Setting<int> Parallelism { get; } = new(
        "Transcription__Parallelism", Programs.Functions, new NumberForm(1, 32), 2,
        "Requests at the same time, for each instance; with `whisper` they share the processors");

    public static Setting<int> MaximumMinutes { get; } = new(
        "Transcription__MaxMinutes", Programs.Functions, new NumberForm(1, 100_000), 1_440,
        "So much talk of one recording is sent at most, all speakers together, silence not counted");

    public static IReadOnlyList<Setting> All { get; } =
        [Endpoint, Kind, ModelPath, Key, Model, Language, Timeout, Parallelism, MaximumMinutes];

    // Language tags as BCP 47 has them; what goes into a request as it is.
    private static bool IsTags(string text) => text.Split(',').All(tag =>
        tag.Trim() is { Length: >= 2 and <= 20 } one && one.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'));
}

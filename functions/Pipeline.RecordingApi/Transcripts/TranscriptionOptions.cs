using Pipeline.Settings;
using Pipeline.Settings.Known;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>Who turns talk into text, and how much of it; valid from <see cref="Read"/> on.</summary>
public sealed record TranscriptionOptions
{
    /// <summary>Null: no transcripts.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>One of the words of <see cref="TranscriptionSettings.Kind"/>.</summary>
    public string Kind { get; init; } = TranscriptionSettings.OpenAi;

    /// <summary>A secret; null for a service that asks for none.</summary>
    public string? Key { get; init; }

    public string Model { get; init; } = "whisper-1";

    /// <summary>Language tags; empty: the service finds out.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Of one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Requests at once in this process.</summary>
    public int Parallelism { get; init; } = 2;

    /// <summary>Talk of one recording that is sent at most.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A model file that is run in this process; null where a service is asked.</summary>
    public string? ModelPath { get; init; }

    public bool IsOn => Endpoint is not null || ModelPath is not null;

    /// <summary>The first of the languages as ISO 639-1 has it: what stands before the region.</summary>
    public string? Language => Languages.Count > 0 ? Languages[0].Split('-')[0].ToLowerInvariant() : null;

    /// <summary>Reads what the owner set. What is wrong becomes a problem of the reader.</summary>
    /// <param name="isOurs">False where the recordings belong to another service: then nothing is sent.</param>
    /// <param name="runsModels">True where a model of the owner's can be run.</param>
    public static TranscriptionOptions Read(SettingReader setting, bool isOurs, bool runsModels)
    {
        Uri? endpoint = setting.Read(TranscriptionSettings.Endpoint);
        string? key = setting.Read(TranscriptionSettings.Key);
        if (endpoint is not null && key is not null && endpoint.Scheme != Uri.UriSchemeHttps && !endpoint.IsLoopback)
            setting.Refuse(TranscriptionSettings.Endpoint, "an https address: the key goes with every request");
        string kind = setting.Read(TranscriptionSettings.Kind)!;
        if (endpoint is not null && kind == TranscriptionSettings.AzureSpeech) setting.Demand(TranscriptionSettings.Key);
        string? model = setting.Read(TranscriptionSettings.ModelPath);
        CheckModel(setting, kind == TranscriptionSettings.Whisper, runsModels);
        return new TranscriptionOptions
        {
            Endpoint = isOurs ? endpoint : null,
            ModelPath = isOurs ? model : null,
            Kind = kind,
            Key = key,
            Model = setting.Read(TranscriptionSettings.Model)!,
            Languages = setting.Read(TranscriptionSettings.Language)?.Split(',', StringSplitOptions.TrimEntries) ?? [],
            Timeout = setting.Read(TranscriptionSettings.Timeout),
            Parallelism = setting.Read(TranscriptionSettings.Parallelism),
            Budget = TimeSpan.FromMinutes(setting.Read(TranscriptionSettings.MaximumMinutes)),
        };
    }

    private static void CheckModel(SettingReader setting, bool isWanted, bool runsModels)
    {
        if (!isWanted)
        {
            if (setting.IsSet(TranscriptionSettings.ModelPath))
                setting.Refuse(TranscriptionSettings.ModelPath, "nothing unless Transcription__Kind is whisper");
            return;
        }
        if (!runsModels)
        {
            setting.Refuse(TranscriptionSettings.Kind,
                "openai or azure-speech here: a model of your own runs in the functions without a Functions host only");
            return;
        }
        setting.Demand(TranscriptionSettings.ModelPath, "the model file of whisper.cpp for Transcription__Kind=whisper");
        if (setting.IsSet(TranscriptionSettings.Endpoint))
            setting.Refuse(TranscriptionSettings.Endpoint, "nothing with Transcription__Kind=whisper, which sends nothing anywhere");
    }
}

using Pipeline.Contracts;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Whisper.net;

namespace Pipeline.Functions.Local;

/// <summary><c>Transcription__Kind=whisper</c>: everything that can be wrong about it is said at the start.</summary>
internal static class LocalTranscription
{
    // The native library knows it, its list of names ends before it.
    private const string Cantonese = "yue";

    /// <exception cref="InvalidSettingsException">The model, the language or this system does not allow it.</exception>
    public static void AddLocalTranscription(this IServiceCollection services, TranscriptionOptions options)
    {
        if (options is not { Kind: TranscriptionSettings.Whisper, ModelPath: { } path }) return;
        WhisperModel model = Read(path);
        HashSet<string> languages = LoadLibrary();
        if (options.Language is { } language)
        {
            string value = string.Join(',', options.Languages);
            if (!languages.Contains(language))
                throw Refused(TranscriptionSettings.Language, value, "a language that whisper knows, such as en, de or ja");
            if (!model.IsMultilingual && language != "en")
                throw Refused(TranscriptionSettings.Language, value, $"en: the model {path} knows English only");
        }
        services.AddSingleton(model);
        services.AddSingleton<ITranscriber, WhisperTranscriber>();
    }

    private static WhisperModel Read(string path)
    {
        try
        {
            return WhisperModel.Read(path);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw Refused(TranscriptionSettings.ModelPath, path, $"a model file of whisper.cpp such as ggml-base.bin ({Cause.Of(fault)})");
        }
    }

    private static HashSet<string> LoadLibrary()
    {
        try
        {
            return [.. WhisperFactory.GetSupportedLanguages(), Cantonese];
        }
        // The package throws plain exceptions, one for each way in which it cannot be loaded.
        catch (Exception fault)
        {
            throw Refused(TranscriptionSettings.Kind, TranscriptionSettings.Whisper, "openai or azure-speech on this system: whisper.cpp "
                + $"cannot be loaded ({Cause.Of(fault)}); it lies in runtimes beside the program and needs "
                + "libgomp1 and libstdc++6 on Debian and Ubuntu, the Visual C++ runtime on Windows, AVX2 on x64");
        }
    }

    private static InvalidSettingsException Refused(Setting setting, string value, string expected) =>
        new(SettingProblem.NotAllowed(setting, value, expected));
}

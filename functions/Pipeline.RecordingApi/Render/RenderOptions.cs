namespace Pipeline.RecordingApi.Render;

/// <summary>What is rendered without being asked for.</summary>
public sealed record RenderOptions
{
    /// <summary>RENDER_FORMATS: of <c>flac</c>, <c>opus</c> and <c>mp3</c>; none: nothing is rendered.</summary>
    public IReadOnlyList<string> Formats { get; init; } = [RenderFormat.Flac, RenderFormat.Opus, RenderFormat.Mp3];

    public static RenderOptions Off { get; } = new() { Formats = [] };

    public bool IsOn => Formats.Count > 0;
}

/// <summary>Names of formats, which are also the files' endings.</summary>
internal static class RenderFormat
{
    public const string Flac = "flac";
    public const string Opus = "opus";
    public const string Mp3 = "mp3";
    public const string Wav = "wav";

    public static IReadOnlyList<string> All { get; } = [Flac, Opus, Mp3, Wav];

    public static string ContentType(string format) => format switch
    {
        Flac => "audio/flac",
        Opus => "audio/ogg; codecs=opus",
        Mp3 => "audio/mpeg",
        Wav => "audio/wav",
        "zip" => "application/zip",
        "json" => "application/json; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
}

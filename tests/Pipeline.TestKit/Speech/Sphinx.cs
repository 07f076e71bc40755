using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pipeline.TestKit.Speech;

/// <summary>A recogniser that runs here, Debian's pocketsphinx, with a grammar of a few words; answers as OpenAI's service does.</summary>
public sealed class Sphinx(TempFolder folder)
{
    /// <summary>All that it can hear.</summary>
    public static readonly string[] Words =
        ["november", "tomorrow", "elephant", "banana", "computer", "kangaroo", "yesterday", "umbrella", "saxophone", "chocolate"];

    private const string Program = "/usr/bin/pocketsphinx_continuous";
    private const string Model = "/usr/share/pocketsphinx/model/en-us";

    private int files;

    public static bool IsInstalled => File.Exists(Program) && Directory.Exists(Model);

    /// <summary>For <see cref="SpeechService.Answer"/>.</summary>
    public async Task<IResult> AnswerAsync(SpeechRequest request, HttpContext context)
    {
        IReadOnlyList<(string Word, double Start, double End)> heard = await HearAsync(request.Wave, context.RequestAborted);
        string text = string.Join(' ', heard.Select(word => word.Word));
        object[] segments = heard.Count == 0 ? []
            : [new { id = 0, start = 0.0, end = request.Seconds, text = " " + text, avg_logprob = -0.2 }];
        object answer = new
        {
            task = "transcribe",
            language = "english",
            duration = request.Seconds,
            text,
            segments,
            words = heard.Select(word => new { word = word.Word, start = word.Start, end = word.End }),
        };
        return Results.Text(JsonSerializer.Serialize(answer), "application/json");
    }

    /// <summary>Words with their times in seconds, by start.</summary>
    public async Task<IReadOnlyList<(string Word, double Start, double End)>> HearAsync(byte[] wave, CancellationToken cancellation)
    {
        int number = Interlocked.Increment(ref files);
        string sound = folder.Combine($"heard-{number}.wav"), grammar = folder.Combine($"words-{number}.jsgf");
        await File.WriteAllBytesAsync(sound, wave, cancellation);
        await File.WriteAllTextAsync(grammar, $"#JSGF V1.0;\ngrammar words;\npublic <words> = ({string.Join(" | ", Words)})+;\n",
            cancellation);
        ProcessStartInfo start = new(Program, ["-infile", sound, "-jsgf", grammar, "-hmm", $"{Model}/en-us", "-dict",
            $"{Model}/cmudict-en-us.dict", "-time", "yes", "-logfn", "/dev/null"])
        { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string said = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return [.. said.Split('\n').Select(line => line.Split(' ')).Where(parts => parts.Length == 4 && Words.Contains(Plain(parts[0])))
            .Select(parts => (Plain(parts[0]), Seconds(parts[1]), Seconds(parts[2])))];
    }

    // A second way to say a word is called "banana(2)".
    private static string Plain(string word) => word.Split('(')[0];

    private static double Seconds(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) ? seconds : -1;
}

using System.Diagnostics;
using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Load;

/// <summary>What the files of a call cost: how soon they are ready, and the processor time beside ffmpeg's for the same files.</summary>
internal sealed class LoadFiles(Azurite azurite, FunctionsApp functions, TempFolder folder)
{
    private const int Header = 44;

    /// <summary>Blob writes to the files' container so far.</summary>
    public int Writes => azurite.AccessLog.Count(line => line.Contains("\"PUT /pipeline/renders/", StringComparison.Ordinal));

    /// <summary>Processor seconds that ffmpeg takes for a FLAC and an Opus file of every track and the mix as MP3.</summary>
    public async Task<double> FfmpegAsync(RecordingDetails recording, int channels)
    {
        double seconds = 0;
        List<string> tracks = [];
        foreach (IGrouping<string, RecordingSegment> track in recording.Segments.GroupBy(segment => segment.UserId))
        {
            string flac = folder.Combine($"{track.Key}.flac");
            string kilobits = channels == 1 ? "64k" : "96k";
            seconds += await RunAsync($"ffmpeg -v error -y -f s16le -ar 48000 -ac {channels} -i - -c:a flac {flac} -c:a libopus -b:a "
                + $"{kilobits} {folder.Combine($"{track.Key}.opus")}", input => WriteAsync(track, channels, input));
            tracks.Add(flac);
        }
        return seconds + await RunAsync($"ffmpeg -v error -y {string.Join(' ', tracks.Select(track => $"-i {track}"))} -filter_complex "
            + $"amix=inputs={tracks.Count} -ac 2 -c:a libmp3lame -b:a 128k {folder.Combine("mix.mp3")}", static _ => Task.CompletedTask);
    }

    /// <summary>Processor seconds of a process so far; 0 where there is no /proc.</summary>
    public static double ProcessorSeconds(int processId)
    {
        string path = $"/proc/{processId}/stat";
        if (!File.Exists(path)) return 0;
        string[] fields = File.ReadAllText(path).Split(") ")[^1].Split(' '); // from the third field on
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }

    // The track from the start of the recording, silence included, as a program of others wants it.
    private async Task WriteAsync(IEnumerable<RecordingSegment> track, int channels, Stream input)
    {
        byte[] silence = new byte[48_000 * 2 * channels];
        long at = 0;
        foreach (RecordingSegment segment in track.OrderBy(segment => segment.StartSample))
        {
            for (long gap = (segment.StartSample!.Value * 2 * channels) - at; gap > 0; gap -= silence.Length)
                await input.WriteAsync(silence.AsMemory(0, (int)Math.Min(gap, silence.Length)));
            byte[] wav = await functions.Api.DownloadAsync(segment, CancellationToken.None);
            await input.WriteAsync(wav.AsMemory(Header));
            at = (segment.StartSample.Value * 2 * channels) + wav.Length - Header;
        }
    }

    // The shell says what its children took; a process that has ended says nothing any more.
    private static async Task<double> RunAsync(string command, Func<Stream, Task> feed)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"{command} && times"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> said = shell.StandardOutput.ReadToEndAsync();
        await feed(shell.StandardInput.BaseStream);
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0) throw new InvalidOperationException($"'{command}' ended with {shell.ExitCode}");
        return (await said).Trim().Split('\n')[^1].Split(' ').Sum(Seconds);
    }

    // 1m2.345s
    private static double Seconds(string text)
    {
        string[] parts = text.TrimEnd('s').Split('m');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture) * 60) + double.Parse(parts[1], CultureInfo.InvariantCulture);
    }
}

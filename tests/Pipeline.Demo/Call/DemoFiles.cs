using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Contracts.Api;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>Downloads what people get, track by track and the mix, compares it with what was spoken and prints the addresses.</summary>
internal sealed class DemoFiles(DemoStage stage, IReadOnlyList<DemoVoice> voices)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="stoppedAt">Timestamp of the press on Stop.</param>
    public async Task<bool> PrintAsync(RecordingDetails recording, long stoppedAt)
    {
        IReadOnlyList<RecordingFile> files = (await stage.Functions.Api.WaitForFilesAsync(recording.Id, Patience)).Files;
        double ready = TimeProvider.System.GetElapsedTime(stoppedAt).TotalSeconds;
        bool good = files.Any(file => file.Kind == "mix" && file.State == "ready");
        RecordingFile mix = files.First(file => file is { Kind: "mix", Format: "flac" });
        Console.WriteLine();
        Console.WriteLine("file                         bytes   seconds   within a talk   correlation");
        if (!FlacSound.CanDecode) DemoRun.Say("flac is not installed: the WAV files are compared instead of the FLAC ones");
        float[] mixed = await DecodeAsync(recording, mix.Name);
        foreach (DemoVoice voice in voices)
        {
            string userId = voice.UserId.ToString(CultureInfo.InvariantCulture);
            if (files.FirstOrDefault(file => file.UserId == userId && file.Format == "flac") is not { State: "ready" } file)
            {
                Console.WriteLine($"{voice.Name}: no FLAC track");
                good = false;
                continue;
            }
            float[] track = await DecodeAsync(recording, file.Name);
            SpokenTalks.Verdict verdict = new SpokenTalks(Pcm.Decode(voice.File), voice.Spoken).Compare(track, mixed);
            good &= verdict.IsGood;
            Print(file, track.Length / 48_000.0, verdict);
        }
        Console.WriteLine(FormattableString.Invariant($"{mix.Name,-22} {mix.Bytes,11} {mixed.Length / 48_000.0,9:F2}"));
        // Links end with the demo.
        foreach (RecordingFile file in files.Where(file => stage.IsKept && file.Format == "flac" && file.Kind is "track" or "mix"))
            Console.WriteLine($"  {file.Url}");
        Console.WriteLine(FormattableString.Invariant($"stop -> all files ready {ready:F1} s"));
        return good & await PrintPageAsync(recording);
    }

    // A link as the bot makes one; the page behind it is asked for as a browser would.
    private async Task<bool> PrintPageAsync(RecordingDetails recording)
    {
        using HttpResponseMessage made = await stage.Functions.Api.Http.PostAsJsonAsync(
            new Uri($"/api/recordings/{recording.Id}/shares", UriKind.Relative),
            new ShareRequest { Scopes = ["listen", "download", "delete"] }, WireJsonContext.Default.ShareRequest);
        ShareDetails link = (await made.Content.ReadFromJsonAsync(WireJsonContext.Default.ShareDetails))!;
        using HttpResponseMessage page = await stage.Functions.Api.Http.GetAsync(link.Url!.Split('#')[0]);
        bool good = made.IsSuccessStatusCode && page.IsSuccessStatusCode;
        if (stage.IsKept) Console.WriteLine($"page (opens in a browser on this machine): {link.Url}");
        else
            Console.WriteLine($"the page behind a link {(good ? "answers" : "does NOT answer")}; --keep leaves it open and prints it");
        return good;
    }

    private static void Print(RecordingFile file, double seconds, SpokenTalks.Verdict verdict) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{file.Name,-22} {file.Bytes,11} {seconds,9:F2} {verdict.WorstWindow.TotalMilliseconds,14:F1} ms "
            + $"{verdict.Correlation,13:F3}{(verdict.IsGood ? "" : "  WRONG")}"));

    // Where no program reads FLAC, a WAV is made on request, which holds the same samples.
    private async Task<float[]> DecodeAsync(RecordingDetails recording, string flac)
    {
        byte[] wav = FlacSound.CanDecode ? FlacSound.ToWav(await FetchAsync(recording, flac))
            : await FetchAsync(recording, Path.ChangeExtension(flac, "wav"));
        int at = 12;
        while (!wav.AsSpan(at).StartsWith("data"u8)) at += 8 + BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(at + 4));
        int channels = BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(wav.AsSpan().IndexOf("fmt "u8) + 10));
        int length = BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(at + 4)) / (2 * channels);
        float[] samples = new float[length];
        for (int i = 0; i < length; i++)
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(at + 8 + (2 * channels * i))) / 32768f;
        return samples;
    }

    private async Task<byte[]> FetchAsync(RecordingDetails recording, string name)
    {
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            using HttpResponseMessage answer = await stage.Functions.Api.Http.GetAsync(
                new Uri($"/api/recordings/{recording.Id}/files/{Uri.EscapeDataString(name)}", UriKind.Relative), patience.Token);
            if (answer.StatusCode != HttpStatusCode.Accepted)
                return await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(patience.Token);
            await Task.Delay(200, patience.Token);
        }
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Pipeline.Audio.Wav;
using Pipeline.Contracts.Api;
using Pipeline.Page.Tests.Rig;

namespace Pipeline.Page.Tests;

/// <summary>A stretch that is chosen on the waveform and taken: the very samples that lie there.</summary>
public sealed class StretchTests(PageApp app)
{
    private const double Length = 30;

    [Fact]
    public async Task Chosen_stretch_holds_the_samples_of_its_tracks()
    {
        Speaker[] speakers =
        [
            new(41, "Ada/Lovelace", [(0, 30L * Speaker.Rate)], [new Tone(0, 30, 440)]),
            new(42, "Grace", [(5 * Speaker.Rate, 20L * Speaker.Rate)], [new Tone(5, 20, 1_000)]),
        ];
        SpokenCall call = await app.FinishedAsync(app.Call("Stretch: one?", speakers), Length);
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download");
        JsonNode result = await Browser.RunAsync("stretch",
            new JsonObject { ["url"] = link.Url, ["duration"] = Length, ["from"] = 12, ["to"] = 18 });

        Assert.StartsWith("Selected: 0:1", result["said"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Matches("^Stretch_ one_ 0\\.1[12]-0\\.1[78]\\.wav$", result["wav"]!["name"]!.GetValue<string>());
        byte[] wav = await File.ReadAllBytesAsync(result["wav"]!["path"]!.GetValue<string>(), TestContext.Current.CancellationToken);
        (long start, long count) = Place(speakers, wav);
        Assert.InRange(start / (double)Speaker.Rate, 11.9, 12.1);
        Assert.InRange(count / (double)Speaker.Rate, 5.9, 6.1);

        using ZipArchive zip = new(File.OpenRead(result["zip"]!["path"]!.GetValue<string>()));
        Assert.Equal(["01-Ada_Lovelace.wav", "02-Grace.wav"], zip.Entries.Select(entry => entry.FullName));
        foreach ((ZipArchiveEntry entry, Speaker speaker) in zip.Entries.Zip(speakers))
        {
            using MemoryStream content = new();
            await using (Stream stream = await entry.OpenAsync(TestContext.Current.CancellationToken)) await stream.CopyToAsync(content,
                TestContext.Current.CancellationToken);
            Assert.Equal(speaker.Wav(start, count), content.ToArray());
        }
        Browser.RequireQuiet(result);
    }

    // Where in the call the file begins: the one place near the click where every sample is the sum of both.
    private static (long Start, long Count) Place(Speaker[] speakers, byte[] wav)
    {
        long count = (wav.Length - WavFormat.HeaderSize) / 4;
        long earliest = (long)(11.8 * Speaker.Rate);
        byte[][] sources = [.. speakers.Select(speaker => speaker.Wav(earliest, count + Speaker.Rate))];
        for (int shift = 0; shift < Speaker.Rate / 2; shift++)
        {
            if (Enumerable.Range(0, (int)count).All(at => Value(wav, at) == sources.Sum(source => Value(source, at + shift))))
                return (earliest + shift, count);
        }
        throw new Xunit.Sdk.XunitException("the file's samples are nowhere in the call");
    }

    private static int Value(byte[] wav, int sample) =>
        BinaryPrimitives.ReadInt16LittleEndian(wav.AsSpan(WavFormat.HeaderSize + (sample * 4)));
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
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
            new JsonObject { ["url"] = link.Url, ["duration"] = Length, ["from"] = 12, ["to"] = 18, ["timeout"] = 240_000 });

        Assert.StartsWith("Selected: 0:1", result["said"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Matches("^mix 0\\.00\\.1[12]-0\\.00\\.1[78]\\.wav$", result["mix"]!["name"]!.GetValue<string>());
        byte[] mix = await File.ReadAllBytesAsync(result["mix"]!["path"]!.GetValue<string>(), TestContext.Current.CancellationToken);
        Assert.InRange(Samples(mix).Length / 2 / (double)Speaker.Rate, 5.9, 6.1);

        Assert.Matches("^all-wav 0\\.00\\.1[12]-0\\.00\\.1[78]\\.zip$", result["zip"]!["name"]!.GetValue<string>());
        using ZipArchive zip = new(File.OpenRead(result["zip"]!["path"]!.GetValue<string>()));
        Assert.Equal(["01-Ada_Lovelace.wav", "02-Grace.wav", "mix.wav", "labels.txt", "project.lof", "project.rpp"],
            zip.Entries.Select(entry => entry.FullName));
        short[] ada = await ReadAsync(zip.Entries[0]), grace = await ReadAsync(zip.Entries[1]);
        long start = Place(speakers[0], ada);
        Assert.InRange(start / (double)Speaker.Rate, 11.9, 12.1);
        Assert.Equal(Samples(speakers[1].Wav(start, grace.Length / 2)), grace);
        Browser.RequireQuiet(result);
    }

    [Fact]
    public async Task Stretch_is_chosen_and_taken_by_keys_alone()
    {
        SpokenCall call = await app.FinishedAsync(app.Call("Keys", Talk.Of(9, Length, "Ada", "Grace")), Length);
        ShareDetails link = await app.ShareAsync(call.Id, "listen", "download");
        JsonNode result = await Browser.RunAsync("keyboard", new JsonObject { ["url"] = link.Url, ["take"] = true, ["timeout"] = 240_000 });
        Assert.Equal("Selected: 0:10.0 to 0:20.0 (0:10.0)", result["said"]!.GetValue<string>());
        Assert.Equal("mix 0.00.10-0.00.20.flac", result["name"]!.GetValue<string>());
        // An end before the start, or a start behind the end, leaves the call's own end.
        Assert.Equal("Selected: 0:00.0 to 0:10.0 (0:10.0)", result["turned"]!.GetValue<string>());
        Browser.RequireQuiet(result);
    }

    // Where in the call the samples begin: the one place near the click where all of them stand.
    private static long Place(Speaker speaker, short[] found)
    {
        long earliest = (long)(11.8 * Speaker.Rate);
        short[] source = Samples(speaker.Wav(earliest, (found.Length / 2) + Speaker.Rate));
        for (int shift = 0; shift < Speaker.Rate / 2; shift++)
        {
            if (source.AsSpan(shift * 2, found.Length).SequenceEqual(found)) return earliest + shift;
        }
        throw new Xunit.Sdk.XunitException("the file's samples are nowhere in the call");
    }

    private static async Task<short[]> ReadAsync(ZipArchiveEntry entry)
    {
        using MemoryStream content = new();
        await using Stream stream = await entry.OpenAsync(TestContext.Current.CancellationToken);
        await stream.CopyToAsync(content, TestContext.Current.CancellationToken);
        return Samples(content.ToArray());
    }

    // Of a WAV file with whatever chunks stand before its samples.
    private static short[] Samples(byte[] wav)
    {
        int at = 12;
        while (!wav.AsSpan(at).StartsWith("data"u8)) at += 8 + BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(at + 4));
        int length = BinaryPrimitives.ReadInt32LittleEndian(wav.AsSpan(at + 4));
        return MemoryMarshal.Cast<byte, short>(wav.AsSpan(at + 8, length)).ToArray();
    }
}

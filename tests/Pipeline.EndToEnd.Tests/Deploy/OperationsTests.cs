using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// What one hour of recording asks of the storage account, counted in the emulator's access log. infra/CAPACITY.md has the prices.
/// </summary>
[Collection(DeployCollection.Name)]
public sealed class OperationsTests(ITestOutputHelper output)
{
    // A segment of somebody who speaks without a pause lasts 10 s; the manifest is beaten every 15 s.
    private const double SegmentsPerSpeakerHour = 360, BeatsPerHour = 240;

    [Fact]
    public async Task Recording_hour_costs_a_bounded_number_of_operations()
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(accessLog: true);
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);
        int before = Operations(azurite).Count;
        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: 3, length: "5m", speed: "50");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, TimeSpan.FromMinutes(3));
        List<StorageOperation> all = [.. Operations(azurite).Skip(before).Where(operation => !operation.IsPoll)];
        double segments = recording.SegmentCount;
        Assert.InRange(segments, 60, 400);
        Assert.DoesNotContain(all, operation => operation.Status >= 500);

        ILookup<OperationKind,
            StorageOperation> bySegment = all.Where(operation => !operation.IsManifest).ToLookup(operation => operation.Kind);
        int beats = Math.Max(1,
            all.Count(operation =>
            operation.IsManifest && operation.Method == "PUT" && !operation.Target.Contains("comp=lease", StringComparison.Ordinal)));
        int manifestWrites = all.Count(operation => operation is { IsManifest: true, Kind: OperationKind.BlobWrite });
        output.WriteLine(Report(segments, bySegment, (double)manifestWrites / beats));

        // Put, announce, receive, copy, compare, ledger, catalogue, delete: a step that is added shows here.
        Assert.InRange(bySegment[OperationKind.BlobWrite].Count() / segments, 1.9, 3);
        Assert.InRange(bySegment[OperationKind.BlobRead].Count() / segments, 0.9, 5);
        Assert.InRange(bySegment[OperationKind.BlobDelete].Count() / segments, 0.9, 1.5);
        Assert.InRange(bySegment[OperationKind.Queue].Count() / segments, 1.9, 4);
        Assert.InRange(bySegment[OperationKind.Table].Count() / segments, 1.9, 12);
    }

    /// <summary>Files are made of windows of a minute: so many requests each, whatever is spoken in it.</summary>
    [Fact]
    public async Task Rendered_minute_costs_a_bounded_number_of_operations()
    {
        const int speakers = 3, minutes = 5;
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(accessLog: true);
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "flac,opus,mp3" });
        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: speakers, length: $"{minutes}m", speed: "20");
        await functions.Api.WaitUntilCompletedAsync(id, TimeSpan.FromMinutes(3));
        RecordingFiles files = await WaitForFilesAsync(functions, id);
        List<StorageOperation> all = [.. Operations(azurite).Where(operation => operation.IsRender && !operation.IsPoll)];
        ILookup<OperationKind, StorageOperation> byKind = all.ToLookup(operation => operation.Kind);
        double windows = (speakers + 1) * minutes; // those of the mix too
        foreach (OperationKind kind in Enum.GetValues<OperationKind>())
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind,-11} {byKind[kind].Count(),5}, per window of a track or the "
                + $"mix {byKind[kind].Count() / windows,6:F2}"));
        }
        Assert.Contains(files.Files, file => file is { Kind: "mix", Format: "mp3", State: "ready" });
        Assert.DoesNotContain(all, operation => operation.Status >= 500);
        // A block per format: two of a track, three of the mix; then a header and a list per file.
        Assert.InRange(byKind[OperationKind.BlobWrite].Count() / windows, 2, 5);
        Assert.InRange(byKind[OperationKind.Table].Count() / windows, 1, 12);
    }

    private static async Task<RecordingFiles> WaitForFilesAsync(FunctionsApp functions, string id)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(3));
        while (true)
        {
            byte[] json = await functions.Api.Http.GetByteArrayAsync(new Uri($"/api/recordings/{id}/files", UriKind.Relative),
                patience.Token);
            RecordingFiles files = JsonSerializer.Deserialize(json, WireJsonContext.Default.RecordingFiles)!;
            if (files.Files.Count > 0 && files.Files.All(file => file.State != "rendering")) return files;
            await Task.Delay(200, patience.Token);
        }
    }

    private static List<StorageOperation> Operations(Azurite azurite) =>
        [.. azurite.AccessLog.Select(StorageOperation.Parse).OfType<StorageOperation>()];

    private static string Report(double segments, ILookup<OperationKind, StorageOperation> counted, double writesPerBeat)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{segments} segments; per segment, and per hour of one recording with one and with four people who never pause:");
        foreach (OperationKind kind in Enum.GetValues<OperationKind>())
        {
            double perSegment = counted[kind].Count() / segments;
            double beats = kind == OperationKind.BlobWrite ? writesPerBeat * BeatsPerHour : 0;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{kind,-11} {perSegment,6:F2} {(perSegment * SegmentsPerSpeakerHour) + beats,8:F0} "
                + $"{(perSegment * SegmentsPerSpeakerHour * 4) + beats,8:F0}");
        }
        return text.Append(CultureInfo.InvariantCulture,
            $"{writesPerBeat:F1} blob writes per beat of the manifest are in it; looks into empty queues are not").ToString();
    }
}

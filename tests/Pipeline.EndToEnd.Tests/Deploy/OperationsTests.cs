using System.Globalization;
using System.Text;
using Pipeline.Contracts;
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
    [Trait("Category", "Long")]
    public async Task Recording_hour_costs_a_bounded_number_of_operations()
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(accessLog: true);
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite);
        int before = StorageOperation.Of(azurite).Count;
        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: 3, length: "5m", speed: "50");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, TimeSpan.FromMinutes(3));
        List<StorageOperation> all = [.. StorageOperation.Of(azurite).Skip(before).Where(operation => !operation.IsPoll)];
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

        // Put, announce, receive, copy, name, compare, ledger, catalogue, delete: a step that is added shows here.
        Assert.InRange(bySegment[OperationKind.BlobWrite].Count() / segments, 2.9, 3.3);
        Assert.InRange(bySegment[OperationKind.BlobRead].Count() / segments, 0.9, 5);
        Assert.InRange(bySegment[OperationKind.BlobDelete].Count() / segments, 0.9, 1.5);
        Assert.InRange(bySegment[OperationKind.Queue].Count() / segments, 1.9, 4);
        Assert.InRange(bySegment[OperationKind.Table].Count() / segments, 6, 9);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Minute_of_files_costs_a_bounded_number_of_operations()
    {
        using TempFolder folder = new();
        await using Azurite azurite = await Azurite.StartAsync(accessLog: true);
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "flac,opus,mp3" });
        int before = StorageOperation.Of(azurite).Count;
        string id = await Replayed.RunAsync(folder, azurite.Settings, speakers: 3, length: "6m", speed: "30");
        RecordingDetails recording = await functions.Api.WaitUntilCompletedAsync(id, TimeSpan.FromMinutes(3));
        await functions.Api.WaitForFilesAsync(id, TimeSpan.FromMinutes(3));
        List<StorageOperation> all = [.. StorageOperation.Of(azurite).Skip(before).Where(operation => !operation.IsPoll)];
        Assert.DoesNotContain(all, operation => operation.Status >= 500);

        const double minutes = 6;
        // The container of the files and their table have one name.
        ILookup<OperationKind, StorageOperation> files = all.Where(operation =>
            operation.Target.StartsWith(StorageNames.RendersContainer, StringComparison.Ordinal)).ToLookup(operation => operation.Kind);
        int reads = all.Count(operation => operation is { Kind: OperationKind.BlobRead, Method: "GET", IsManifest: false }
            && operation.Target.StartsWith(StorageNames.RecordingsContainer + "/", StringComparison.Ordinal));
        string counted = string.Join(", ", files.Select(kind => FormattableString.Invariant($"{kind.Count() / minutes:F1} {kind.Key}")));
        output.WriteLine(FormattableString.Invariant($"files of three people and their mix, {minutes} minutes: a segment is read ")
            + FormattableString.Invariant($"{(double)reads / recording.SegmentCount:F2} times; a minute: {counted}"));

        // A minute is a block of FLAC for each track and the mix, two minutes one block of Opus for each and of MP3 for the mix; at the end
        // a header and a commit for each file, and the texts. Each for itself, the small formats would take 15 more.
        Assert.InRange(files[OperationKind.BlobWrite].Count(), 60, 78);
        // A segment over the end of a minute is read for both, and once for all formats.
        Assert.InRange((double)reads / recording.SegmentCount, 1, 1.3);
        Assert.InRange(files[OperationKind.Table].Count() / minutes, 10, 60);
    }

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
        IEnumerable<string> tables = counted[OperationKind.Table].GroupBy(operation => operation.Target.Split('/', '?', '(')[0])
            .OrderByDescending(one => one.Count())
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Count() / segments:F2}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"tables: {string.Join(", ", tables)}");
        return text.Append(CultureInfo.InvariantCulture,
            $"{writesPerBeat:F1} blob writes per beat of the manifest are in it; looks into empty queues are not").ToString();
    }
}

using System.Security.Cryptography;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Rows of what was rendered.</summary>
public sealed class RenderTableTests(AzuriteFixture azurite)
{
    private const int WindowsOfWeek = 7 * 24 * 60;
    private const int LongestRow = 1 << 20; // bytes, names of properties among them
    private const int LongestProperty = 64 << 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Somebody is heard in every minute of the longest recording there is.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(WindowsOfWeek + 1)]
    public async Task File_of_so_many_parts_has_a_row_that_a_table_takes(int count)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        RenderTable table = stage.Get<RenderTable>();
        RecordingId recording = RecordingId.New(TimeProvider.System);
        RenderedPart[] parts = [.. Enumerable.Range(0, count).Select(Part)];
        RenderJob job = RenderedFiles.Ready(new string('7', 64), parts, TimeProvider.System);
        Assert.NotNull(await table.TryWriteJobAsync(recording, "mix.flac", job, default, Cancellation));

        RenderJob found = (await table.FindJobAsync(recording, "mix.flac", Cancellation)).Job!;
        Assert.Equal(parts, found.Parts);
        Assert.Equal(job with { Parts = [] }, found with { Parts = [] });
        Assert.Equal(parts, (await table.ReadJobsAsync(recording, Cancellation))["mix.flac"].Parts);

        TableClient rows = stage.Storage.Tables.GetTableClient(StorageNames.RendersTable);
        TableEntity row = await rows.GetEntityAsync<TableEntity>(recording.ToString(), "f-mix.flac", cancellationToken: Cancellation);
        byte[][] properties = [.. row.Keys.Select(key => row[key]).OfType<byte[]>()];
        Assert.All(properties, property => Assert.InRange(property.Length, 1, LongestProperty));
        Assert.InRange(properties.Sum(property => property.Length), 1, LongestRow * 9 / 10);
    }

    // As long as any, and as hard to compress.
    private static RenderedPart Part(int window)
    {
        string inputs = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(window)));
        byte[] bytes = SHA256.HashData(BitConverter.GetBytes(window + 1_000_000));
        return RenderedPart.Of(RenderedPart.BlockName($"{window}", inputs), bytes) with { Length = 5_000_000 + window, Frames = 2500 };
    }
}

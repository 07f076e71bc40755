using CsCheck;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

public sealed class AnyDeliveryTests(AzuriteFixture azurite)
{
    private static int next = 9_000;

    /// <summary>
    /// Every message one to three times, in any order, some side by side, some after the recording was finalized without them.
    /// </summary>
    [Fact]
    public async Task Any_delivery_gives_the_same_rows_and_bytes()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        Gen<(int[] Copies, int Shuffle, int Width)> deliveries = Gen.Select(Gen.Int[1, 3].Array[7], Gen.Int, Gen.Int[1, 4]);
        await deliveries.SampleAsync(async delivery =>
            await DeliverAsync(app, delivery.Copies, delivery.Shuffle, delivery.Width), seed: "0000KOIe2Xf6", iter: 8, threads: 1);
    }

    private static async Task DeliverAsync(App app, int[] copies, int shuffle, int width)
    {
        Session session = new(Interlocked.Increment(ref next), (5, "Ada", 3), (6, "Grace", 2));
        await session.PutAllAsync(app.Storage);
        List<Func<Task<bool>>> steps = [];
        for (int i = 0; i < copies.Length; i++)
        {
            int step = i;
            Func<Task<bool>> run = step switch
            {
                0 => () => app.StartRecordingAsync(session.Started),
                1 => () =>
                app.FinalizeAsync(session.Stopped),
                _ => () => app.MoveAsync(session.Segments[step - 2])
            };
            steps.AddRange(Enumerable.Repeat(run, copies[i]));
        }
        Random random = new(shuffle);
        foreach (Func<Task<bool>>[] batch in steps.OrderBy(_ => random.Next()).Chunk(width))
            Assert.All(await Task.WhenAll(batch.Select(step => step())), Assert.True);
        // What a finalizer sends itself, or a late segment sends it, comes at the end here.
        // A live recording counts its segments too; only a finished one lists them.
        for (int attempt = 1; await app.RecordingAsync(session.Id) is not { Status: RecordingStatus.Completed, SegmentCount: 5 }; attempt++)
        {
            Assert.InRange(attempt, 1, 50);
            Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = attempt }));
        }
        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(session.Segments.Select(segment => segment.ContentMd5).Order(),
            recording.Segments.Select(segment => segment.ContentMd5!).Order());
        Assert.Equal((0, 0), (recording.MissingSegmentCount, recording.UnverifiedUserIds.Count));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }
}

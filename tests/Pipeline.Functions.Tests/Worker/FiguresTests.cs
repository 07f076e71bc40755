using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Delivery.Invocations;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Functions.Tests.Worker.Stream;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Worker;

/// <summary>Worker and stand-alone functions side by side in one run. Prints its figures; they hold for a quiet machine.</summary>
public sealed class FiguresTests(PublishedWorker published) : IClassFixture<PublishedWorker>
{
    private const int Messages = 2_000;
    private const int AtOnce = FunctionTable.BatchSize + FunctionTable.NewBatchThreshold;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Size_start_memory_and_two_thousand_messages_of_both()
    {
        Assert.SkipUnless(PublishedWorker.CanRun, "the package is for linux-x64");
        await using Azurite azurite = await Azurite.StartAsync();
        await using App storage = await App.StartAsync(azurite.ConnectionString);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(610, (5, "Ada", 1));
        string message = JsonSerializer.Serialize(session.Started, ContractsJsonContext.Default.RecordingStarted);
        Assert.True(await storage.StartRecordingAsync(session.Started));

        await using HostStandIn host = await HostStandIn.StartAsync();
        long started = Stopwatch.GetTimestamp();
        await using (ChildProcess worker = published.Start(host, new Dictionary<string,
            string?>
        { ["PipelineStorage"] = azurite.ConnectionString }))
        {
            await host.LoadedAsync();
            TimeSpan loaded = Stopwatch.GetElapsedTime(started);
            Assert.Equal(StatusResult.Types.Status.Success, (await host.QueueAsync(FunctionNames.StartRecording, message)).Result.Status);
            TimeSpan first = Stopwatch.GetElapsedTime(started);
            long begun = Stopwatch.GetTimestamp();
            ParallelOptions width = new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = Cancellation };
            await Parallel.ForEachAsync(Enumerable.Range(0, Messages), width, async (_, _) =>
                Assert.Equal(StatusResult.Types.Status.Success,
                (await host.QueueAsync(FunctionNames.StartRecording, message)).Result.Status));
            Say("worker under the stand-in", new DirectoryInfo(published.Path).ResolveLinkTarget(true)?.FullName ?? published.Path, loaded,
                first, Stopwatch.GetElapsedTime(begun), worker);
        }

        started = Stopwatch.GetTimestamp();
        await using ChildProcess local = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0]);
        await local.WaitForLineAsync(line => line.Contains("Local triggers run", StringComparison.Ordinal), Patience);
        TimeSpan running = Stopwatch.GetElapsedTime(started);
        await storage.Get<MessageQueues>().SendAsync(session.Started, TimeSpan.Zero, Cancellation);
        await local.WaitForLineAsync(line => line.Contains("is known to the recording API", StringComparison.Ordinal), Patience);
        TimeSpan answered = Stopwatch.GetElapsedTime(started);
        // Sent while it works: the emulator is slow where thousands wait.
        long sent = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, Messages),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (_, end) =>
            await storage.Get<MessageQueues>().SendAsync(session.Started, TimeSpan.Zero, end));
        LoopLimit limit = new("every message is taken", Patience);
        while (await storage.Get<MessageQueues>().CountAsync(StorageNames.RecordingStartedQueue, Cancellation) > 0)
        {
            limit.Turn();
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancellation);
        }
        Say("stand-alone", LocalProcess.BuildFolder, running, answered, Stopwatch.GetElapsedTime(sent), local);
        Assert.Equal(0, await storage.Get<MessageQueues>()
            .CountAsync(StorageNames.RecordingStartedQueue + StorageNames.PoisonSuffix, Cancellation) ?? 0);
    }

    private static void Say(string what, string folder, TimeSpan ready, TimeSpan first, TimeSpan messages, ChildProcess process)
    {
        double size = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1048576.0;
        string resident = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
            .Split(':')[1].Trim();
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
            $"{what}: folder {size:F0} MB; ready {ready.TotalSeconds:F2} s, first message {first.TotalSeconds:F2} s; {Messages} "
            + $"messages {messages.TotalSeconds:F1} s; memory {resident}"));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>calls-receiver PORT,PORT… SPEAKERS SECRET_HEX FOLDER wav|opus</c>: the child process of <see cref="CallsRun"/>: one media thread and
/// one recording for each call, segments are deleted when they are closed. Lines on standard input: "mark", "stop"; one line of JSON at
/// the end.
/// </summary>
internal static class CallsReceiver
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(60);
    private static long segments, bytes;

    public static async Task<int> RunAsync(string[] args)
    {
        int speakers = int.Parse(args[1], CultureInfo.InvariantCulture);
        using TransportKey transportKey = new(TransportKey.AesGcmMode, Convert.FromHexString(args[2]));
        CaptureOptions options = new() { Format = args[4] == "opus" ? SegmentFormat.Opus : SegmentFormat.Wav };
        Call[] calls = [.. args[0].Split(',').Select(port =>
            new Call(int.Parse(port, CultureInfo.InvariantCulture), speakers, transportKey, args[3], options))];
        using CancellationTokenSource stopping = new();
        Task[] ticking = [.. calls.Select(call => call.TickAsync(stopping.Token))];
        (double Cpu, long Packets) mark = default;
        while (await Console.In.ReadLineAsync() is { } line && line != "stop")
            mark = (Environment.CpuUsage.TotalTime.TotalMicroseconds, calls.Sum(call => call.Packets));
        double cpu = Environment.CpuUsage.TotalTime.TotalMicroseconds - mark.Cpu;
        long packets = calls.Sum(call => call.Packets) - mark.Packets, lost = calls.Sum(call => call.Lost);
        long resident = Process.GetCurrentProcess().WorkingSet64;
        await stopping.CancelAsync();
        await Task.WhenAll(ticking);
        foreach (Call call in calls) call.Dispose();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"packets":{{packets}},"lost":{{lost}},"cpuMicroseconds":{{cpu:F0}},"residentBytes":{{resident}},"segments":{{segments}},"bytes":{{bytes}}}"""));
        return 0;
    }

    private sealed class Call : IDisposable
    {
        private readonly Recording recording;
        private readonly MediaThread media;

        public Call(int port, int speakers, TransportKey transportKey, string folder, CaptureOptions options)
        {
            recording = DatagramRecording.Start(folder, TimeProvider.System, options);
            recording.SegmentClosed = Delete;
            media = new MediaThread(new IPEndPoint(IPAddress.Loopback, port), recording.Frames,
                new MediaSnapshot(1, transportKey, DatagramSpeech.Users(speakers)),
                new MediaThreadEvents(_ => { }, _ => { }, error => Environment.FailFast(error.Message, error)), TimeProvider.System);
            media.Start();
            media.TrySend(new byte[8]);
        }

        public long Packets => media.Counters.Datagrams;

        public long Lost => recording.Frames.Dropped + media.KernelDrops + media.Health.Drops.Values.Sum();

        public async Task TickAsync(CancellationToken cancellation)
        {
            using PeriodicTimer timer = new(TickInterval, TimeProvider.System);
            try
            {
                while (await timer.WaitForNextTickAsync(cancellation)) recording.Tick();
            }
            catch (OperationCanceledException)
            {
                // Asked to stop.
            }
        }

        public void Dispose()
        {
            media.Dispose();
            recording.Dispose();
        }

        private static void Delete(ClosedSegment segment)
        {
            Interlocked.Increment(ref segments);
            Interlocked.Add(ref bytes, segment.FileSize);
            File.Delete(segment.AudioPath);
            File.Delete(segment.SidecarPath);
        }
    }
}

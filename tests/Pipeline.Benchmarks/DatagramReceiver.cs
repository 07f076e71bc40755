using System.Diagnostics;
using System.Globalization;
using System.Net;
using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>live-receiver PORT SPEAKERS SECRET_HEX FOLDER step|chain|opus</c>: the child process of <see cref="DatagramLive"/>. "step" is the
/// media
/// thread and a tick that throws frames away; "chain" records them as WAV, "opus" as they came. Lines on standard input: "mark", "stop";
/// one line of JSON at the end.
/// </summary>
internal static class DatagramReceiver
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        int speakers = int.Parse(args[1], CultureInfo.InvariantCulture);
        TimeProvider time = TimeProvider.System;
        using TransportKey transportKey = new(TransportKey.AesGcmMode, Convert.FromHexString(args[2]));
        using Recording recording = DatagramRecording.Start(args[3], time,
            new CaptureOptions { Format = args[4] == "opus" ? SegmentFormat.Opus : SegmentFormat.Wav });
        MediaSnapshot snapshot = new(1, transportKey, DatagramSpeech.Users(speakers));
        using MediaThread media = new(new IPEndPoint(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture)),
            recording.Frames, snapshot, new MediaThreadEvents(_ => { }, _ => { }, error => Environment.FailFast(error.Message, error)),
            time);
        media.Start();
        media.TrySend(new byte[8]);
        using CancellationTokenSource stopping = new();
        Task ticking = TickAsync(recording, records: args[4] is "chain" or "opus", stopping.Token);
        await ReportAsync(media, recording);
        await stopping.CancelAsync();
        await ticking;
        return 0;
    }

    private static async Task TickAsync(Recording recording, bool records, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(TickInterval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                if (records) recording.Tick();
                else while (recording.Frames.TryRead(out _)) recording.Frames.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }

    private static async Task ReportAsync(MediaThread media, Recording recording)
    {
        (double Cpu, double Thread, long Packets, long Bytes) mark = default;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            double cpu = Environment.CpuUsage.TotalTime.TotalMicroseconds;
            if (line == "mark") mark = (cpu, MediaThreadMicroseconds(), media.Counters.Datagrams, GC.GetTotalAllocatedBytes());
            if (line != "stop") continue;
            long packets = media.Counters.Datagrams - mark.Packets;
            double bytes = (double)(GC.GetTotalAllocatedBytes() - mark.Bytes) / Math.Max(1, packets);
            long lost = recording.Frames.Dropped + media.KernelDrops + media.Health.Drops.Values.Sum();
            long resident = Process.GetCurrentProcess().WorkingSet64;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"packets":{{packets}},"cpuMicroseconds":{{cpu - mark.Cpu:F0}},"mediaThreadMicroseconds":{{MediaThreadMicroseconds() - mark.Thread:F0}},"residentBytes":{{resident}},"allocatedPerPacket":{{bytes:F3}},"lost":{{lost}}}"""));
            return;
        }
    }

    // proc(5): schedstat begins with the thread's CPU time in nanoseconds.
    private static double MediaThreadMicroseconds()
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            if (File.ReadAllText(Path.Combine(task, "comm")).Trim() == "voice media")
                return double.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture) / 1000;
        }
        throw new InvalidOperationException("no media thread");
    }
}

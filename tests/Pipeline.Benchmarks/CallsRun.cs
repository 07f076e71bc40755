using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pipeline.Discord.Rtp;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>calls [calls] [speakers] [seconds]</c>: so many calls at once in one receiving process on one core, over loopback at their real rate,
/// everybody talking: recorded as Opus, then as WAV with more and more calls until something is lost. Goal: as Opus nothing is.
/// </summary>
internal static class CallsRun
{
    private const int PacketsPerSecond = 50;
    private const int WavStep = 4;

    private static readonly TimeSpan WavDuration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private sealed record Result(long Packets, long Lost, double Cores, double CostPerPacket, double Megabytes, string Line)
    {
        /// <summary>Nothing was lost on the way or in the process.</summary>
        public bool IsWhole(long sent) => Lost == 0 && Packets == sent;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        int calls = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 24;
        int speakers = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 25;
        int seconds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 120;
        byte[] secret = RandomNumberGenerator.GetBytes(TransportKey.Length);
        using TransportKey transportKey = new(TransportKey.AesGcmMode, secret);
        DatagramSpeech speech = new(speakers, PacketsPerSecond * (seconds + (int)WarmUp.TotalSeconds), transportKey);
        bool isMet = await TryAsync("opus", calls, speech, secret, TimeSpan.FromSeconds(seconds));
        for (int some = WavStep; some <= calls; some += WavStep)
        {
            TimeSpan duration = WavDuration < TimeSpan.FromSeconds(seconds) ? WavDuration : TimeSpan.FromSeconds(seconds);
            if (!await TryAsync("wav", some, speech, secret, duration)) break;
        }
        return isMet ? 0 : 1;
    }

    private static async Task<bool> TryAsync(string format, int calls, DatagramSpeech speech, byte[] secret, TimeSpan duration)
    {
        Result result = await MeasureAsync(format, calls, speech, secret, duration);
        long sent = calls * (long)speech.Speakers * PacketsPerSecond * (long)duration.TotalSeconds;
        bool isWhole = result.IsWhole(sent);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{format,-4} {calls,2} calls of {speech.Speakers}: "
            + $"{result.Cores:F2} cores, {result.CostPerPacket:F1} us/packet, {result.Megabytes:F0} MB, "
            + $"{(isWhole ? "nothing lost" : $"{sent - result.Packets + result.Lost} of {sent} lost")}  {result.Line}"));
        return isWhole;
    }

    private static async Task<Result> MeasureAsync(string format, int calls, DatagramSpeech speech, byte[] secret, TimeSpan duration)
    {
        using TempFolder folder = new();
        Socket[] sockets = [.. Enumerable.Range(0, calls).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram,
            ProtocolType.Udp))];
        foreach (Socket socket in sockets) socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string ports = string.Join(',', sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port));
        await using ChildProcess child = ChildProcess.Start("taskset", ["--cpu-list", "0", "dotnet", typeof(CallsRun).Assembly.Location,
            "calls-receiver", ports, $"{speech.Speakers}", Convert.ToHexString(secret), folder.Path, format]);
        using CancellationTokenSource limit = new(Patience);
        List<(Socket, SocketAddress)> ways = [];
        foreach (Socket socket in sockets)
        {
            EndPoint from = (await socket.ReceiveFromAsync(new byte[64], new IPEndPoint(IPAddress.Any, 0), limit.Token)).RemoteEndPoint;
            ways.Add((socket, from.Serialize()));
        }
        await Task.Factory.StartNew(() => Send(ways, speech, duration, child), TaskCreationOptions.LongRunning);
        string line = await child.WaitForLineAsync(text => text.StartsWith('{'), Patience);
        foreach (Socket socket in sockets) socket.Dispose();
        JsonNode answer = JsonNode.Parse(line)!;
        long packets = answer["packets"]!.GetValue<long>();
        double cpu = answer["cpuMicroseconds"]!.GetValue<double>();
        return new Result(packets, answer["lost"]!.GetValue<long>(), cpu / duration.TotalMicroseconds, cpu / packets,
            answer["residentBytes"]!.GetValue<double>() / (1 << 20), line);
    }

    // Of each datagram one to every call, evenly spaced.
    private static void Send(List<(Socket Socket, SocketAddress To)> ways, DatagramSpeech speech, TimeSpan duration, ChildProcess child)
    {
        long interval = 1_000_000_000L / (PacketsPerSecond * speech.Speakers);
        long start = KernelClock.NowNanoseconds();
        int mark = (int)(WarmUp.TotalSeconds * PacketsPerSecond) * speech.Speakers;
        int count = mark + ((int)(duration.TotalSeconds * PacketsPerSecond) * speech.Speakers);
        for (int i = 0; i < count; i++)
        {
            KernelClock.SleepUntil(start + (i * interval));
            if (i == mark)
            {
                // What was sent before is taken in first.
                KernelClock.SleepUntil(KernelClock.NowNanoseconds() + 1_000_000_000);
                Tell(child, "mark");
                KernelClock.SleepUntil(KernelClock.NowNanoseconds() + 200_000_000);
                start += KernelClock.NowNanoseconds() - (start + (i * interval));
            }
            foreach ((Socket socket, SocketAddress to) in ways) socket.SendTo(speech.Datagrams[i], SocketFlags.None, to);
        }
        KernelClock.SleepUntil(KernelClock.NowNanoseconds() + 1_000_000_000);
        Tell(child, "stop");
    }

    private static void Tell(ChildProcess child, string line)
    {
        child.Input.WriteLine(line);
        child.Input.Flush();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Pipeline.Discord.Rtp;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>live [speakers] [seconds] [rounds] [--opus]</c>: evenly spaced datagrams at a call's rate over loopback into one receiving process
/// after the
/// other, interleaved: our receive step, our whole chain to WAV, and the receiver of @discordjs/voice with native Opus. CPU time per packet
/// of the receiving process, for the step also of the media thread alone. Goals: the step's thread at most 10 us, the chain's process at
/// most 0.75 times @discordjs/voice. With <c>--opus</c> also our chain to Opus segments, at most half of @discordjs/voice handing packets
/// on
/// undecoded.
/// </summary>
internal static class DatagramLive
{
    private const double StepGoal = 10;
    private const double PeerGoal = 0.75;
    private const double PassedGoal = 0.5;
    private const int PacketsPerSecond = 50;
    private const string OpusChain = "chain to Opus";
    private const string PassingPeer = "@discordjs/voice undecoded";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private sealed record Receiver(string Name, Func<int, string, ChildProcess> Start);

    private sealed record Result(double Cost, double ThreadCost, double ResidentMegabytes, string Line);

    public static async Task<int> RunAsync(string[] args)
    {
        bool withOpus = args.Contains("--opus");
        args = [.. args.Where(arg => arg != "--opus")];
        int speakers = args.Length > 0 ? int.Parse(args[0]) : 25;
        int seconds = args.Length > 1 ? int.Parse(args[1]) : 12;
        int rounds = args.Length > 2 ? int.Parse(args[2]) : 3;
        byte[] secret = RandomNumberGenerator.GetBytes(TransportKey.Length);
        using TransportKey transportKey = new(TransportKey.AesGcmMode, secret);
        DatagramSpeech speech = new(speakers, PacketsPerSecond * (seconds + (int)WarmUp.TotalSeconds), transportKey);
        Receiver[] receivers = [.. Receivers(speakers, Convert.ToHexString(secret), withOpus)];
        Dictionary<string, List<Result>> results = receivers.ToDictionary(receiver => receiver.Name, _ => new List<Result>());
        for (int round = 0; round < rounds; round++)
        {
            foreach (Receiver receiver in receivers)
            {
                Result result = await MeasureAsync(receiver, speech, TimeSpan.FromSeconds(seconds));
                results[receiver.Name].Add(result);
                Console.WriteLine($"round {round}: {receiver.Name,-24} {result.Cost,7:F1} us/packet  {result.Line}");
            }
        }
        return Conclude(results);
    }

    private static int Conclude(Dictionary<string, List<Result>> results)
    {
        Dictionary<string,
            double> costs = results.ToDictionary(pair => pair.Key, pair => DatagramChain.Median(pair.Value.Select(result => result.Cost)));
        foreach ((string name, double cost) in costs)
        {
            double memory = DatagramChain.Median(results[name].Select(result => result.ResidentMegabytes));
            Console.WriteLine(
                $"median: {name,-24} {cost,7:F1} us/packet, {1e6 / cost / PacketsPerSecond,6:F0} speakers per core, {memory:F0} MB "
                + $"resident");
        }
        double step = DatagramChain.Median(results["receive step"].Select(result => result.ThreadCost));
        Console.WriteLine($"receive step, media thread: {step:F1} us/packet (goal {StepGoal})");
        if (!costs.TryGetValue("@discordjs/voice", out double peer))
        {
            Console.WriteLine("@discordjs/voice was not measured: npm ci in tests/peers/receiver first");
            return step <= StepGoal ? 0 : 1;
        }
        Console.WriteLine($"whole chain / @discordjs/voice = {costs["whole chain"] / peer:F2} (goal {PeerGoal})");
        bool isMet = step <= StepGoal && costs["whole chain"] / peer <= PeerGoal;
        if (costs.TryGetValue(OpusChain, out double passed))
        {
            double ratio = passed / costs[PassingPeer];
            Console.WriteLine(
                $"{OpusChain} / {PassingPeer} = {ratio:F2} (goal {PassedGoal}), / whole chain = {passed / costs["whole chain"]:F2}");
            isMet &= ratio <= PassedGoal;
        }
        return isMet ? 0 : 1;
    }

    private static IEnumerable<Receiver> Receivers(int speakers, string secret, bool withOpus)
    {
        string own = typeof(DatagramLive).Assembly.Location;
        ChildProcess Ours(int port, string folder, string kind) =>
            ChildProcess.Start("dotnet", [own, "live-receiver", $"{port}", $"{speakers}", secret, folder, kind]);
        yield return new Receiver("receive step", (port, folder) => Ours(port, folder, "step"));
        yield return new Receiver("whole chain", (port, folder) => Ours(port, folder, "chain"));
        if (withOpus) yield return new Receiver(OpusChain, (port, folder) => Ours(port, folder, "opus"));
        string peer = RepositoryRoot.Combine("tests", "peers", "receiver");
        if (!Directory.Exists(Path.Combine(peer, "node_modules"))) yield break;
        ChildProcess Peers(int port, string folder, string kind) =>
            ChildProcess.Start("node", ["receiver.cjs", $"{port}", $"{speakers}", secret, folder, kind], workingDirectory: peer);
        yield return new Receiver("@discordjs/voice", (port, folder) => Peers(port, folder, "wav"));
        if (withOpus) yield return new Receiver(PassingPeer, (port, folder) => Peers(port, folder, "opus"));
    }

    private static async Task<Result> MeasureAsync(Receiver receiver, DatagramSpeech speech, TimeSpan duration)
    {
        using TempFolder folder = new();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using ChildProcess child = receiver.Start(((IPEndPoint)socket.LocalEndPoint!).Port, folder.Path);
        using CancellationTokenSource limit = new(Patience);
        byte[] hello = new byte[64];
        EndPoint from = (await socket.ReceiveFromAsync(hello, new IPEndPoint(IPAddress.Any, 0), limit.Token)).RemoteEndPoint;
        await Task.Factory.StartNew(() => Send(socket, from, speech, duration, child), TaskCreationOptions.LongRunning);
        string line = await child.WaitForLineAsync(text => text.StartsWith('{'), Patience);
        JsonNode answer = JsonNode.Parse(line)!;
        double packets = answer["packets"]!.GetValue<double>();
        double thread = answer["mediaThreadMicroseconds"]?.GetValue<double>() ?? 0;
        return new Result(answer["cpuMicroseconds"]!.GetValue<double>() / packets, thread / packets,
            answer["residentBytes"]!.GetValue<double>() / (1 << 20), line);
    }

    private static void Send(Socket socket, EndPoint to, DatagramSpeech speech, TimeSpan duration, ChildProcess child)
    {
        SocketAddress address = to.Serialize();
        long interval = 1_000_000_000L / (PacketsPerSecond * speech.Speakers);
        long start = KernelClock.NowNanoseconds();
        int mark = (int)(WarmUp.TotalSeconds * PacketsPerSecond) * speech.Speakers;
        int count = mark + (int)(duration.TotalSeconds * PacketsPerSecond) * speech.Speakers;
        for (int i = 0; i < count; i++)
        {
            KernelClock.SleepUntil(start + i * interval);
            socket.SendTo(speech.Datagrams[i], SocketFlags.None, address);
            if (i == mark) Tell(child, "mark");
        }
        KernelClock.SleepUntil(KernelClock.NowNanoseconds() + 1_000_000_000); // For what still waits in the receiver.
        Tell(child, "stop");
    }

    private static void Tell(ChildProcess child, string line)
    {
        child.Input.WriteLine(line);
        child.Input.Flush();
    }
}

using System.Globalization;

namespace Pipeline.Benchmarks;

/// <summary>Measurements that are no BenchmarkDotNet benchmarks, by name; each returns the process's exit code.</summary>
public static class Runs
{
    public const string Usage = """
        Usage: Pipeline.Benchmarks MEASUREMENT, or --filter '*Datagram*' and what else BenchmarkDotNet takes
        (--list flat names its benchmarks)

          capture [--managed]                              cost of a frame against libopus alone, memory; of the managed decoder
          chain [SPEAKERS 25] [SECONDS 80] [--opus]        the whole way of a packet, in one process
          live [SPEAKERS 25] [SECONDS 12] [ROUNDS 3] [--opus]  a call at its real rate, against a receiver built on discord.js
          calls [CALLS 24] [SPEAKERS 25] [SECONDS 120]     calls at once in one process on one core, as Opus, then WAV until it breaks
          renders [ROUNDS 9]                               a minute of a track of Opus segments: decoded, encoded, joined
          adds [ADDS 100]                                  many people at once in an encrypted call: each proposal, and the commit
          packages                                         sizes and starts of what is published

        The figures are the defaults. Ends with 0 where every goal is met, 1 where one is missed, 2 on a wrong argument.
        """;

    /// <summary>Numbers in their order, with the range that is taken, and switches.</summary>
    private sealed record Run(Func<string[], Task<int>> Start, (string Name, int Least, int Most)[] Numbers, string[] Switches);

    private static readonly Dictionary<string, Run> All = new()
    {
        ["capture"] = new(Capture.CaptureRun.RunAsync, [], ["--managed"]),
        ["packages"] = new(Packages.PackagesRun.RunAsync, [], []),
        ["calls"] = new(CallsRun.RunAsync, [("CALLS", 1, 99), ("SPEAKERS", 1, 99), ("SECONDS", 1, 3_600)], []),
        ["renders"] = new(RenderCost.RunAsync, [("ROUNDS", 1, 1_000)], []),
        ["adds"] = new(AddsRun.RunAsync, [("ADDS", 1, 512)], []),
        ["chain"] = new(DatagramChain.RunAsync, [("SPEAKERS", 1, 99), ("SECONDS", 20, 3_600)], ["--opus"]),
        ["live"] = new(DatagramLive.RunAsync, [("SPEAKERS", 1, 99), ("SECONDS", 1, 3_600), ("ROUNDS", 1, 100)], ["--opus"]),
    };

    public static async Task<int> RunAsync(string name, string[] arguments)
    {
        // Started by "live" and "calls", with what it has itself chosen.
        if (name == "live-receiver") return await DatagramReceiver.RunAsync(arguments);
        if (name == "calls-receiver") return await CallsReceiver.RunAsync(arguments);
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            Console.WriteLine(Usage);
            return 0;
        }
        if (!All.TryGetValue(name, out Run? run))
            return Refuse($"'{name}' is no measurement; use {string.Join(", ", All.Keys)}");
        string[] numbers = [.. arguments.Where(argument => !run.Switches.Contains(argument))];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i >= run.Numbers.Length) return Refuse($"{name} does not take '{numbers[i]}'");
            (string what, int least, int most) = run.Numbers[i];
            bool isNumber = int.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            if (!isNumber || number < least || number > most)
                return Refuse($"{what} of {name} is '{numbers[i]}'; use {least} to {most}");
        }
        return await run.Start(arguments);
    }

    private static int Refuse(string problem)
    {
        Console.Error.WriteLine($"Pipeline.Benchmarks: {problem} (--help tells what there is)");
        return 2;
    }
}

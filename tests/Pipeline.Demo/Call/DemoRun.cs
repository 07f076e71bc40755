using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>A member starts a recording, three people talk, Stop is pressed, and every segment is compared with what was spoken.</summary>
internal static class DemoRun
{
    public static readonly string[] Names = ["Ada", "Grace", "Linus"];

    public static Task<int> RunAsync(DemoOptions options) =>
        Interruption.GuardAsync("demo", interruption => RunAsync(options, interruption));

    private static async Task<int> RunAsync(DemoOptions options, Interruption interruption)
    {
        await using DemoStage stage = await DemoStage.StartAsync(options);
        List<DemoVoice> voices = [];
        try
        {
            return await RunAsync(stage, voices, options, interruption).WaitAsync(interruption.Stop);
        }
        finally
        {
            await Task.WhenAll([.. voices.Select(voice => voice.DisposeAsync().AsTask())]);
        }
    }

    private static async Task<int> RunAsync(DemoStage stage, List<DemoVoice> voices, DemoOptions options, Interruption interruption)
    {
        Simulator discord = stage.Discord;
        foreach (string name in Names) voices.Add(await DemoVoice.JoinAsync(discord, name, options.Plain));
        Say(
            $"{string.Join(", ", Names)} are in "
            + $"#{discord.VoiceChannel.Name}{(options.Plain ? "" : ", end-to-end encrypted, each an unmodified discord.js client")}");
        DemoCall call = new(stage, voices);
        DemoCall.Ended ended = await call.RunAsync(options);
        RecordingDetails recording = await stage.Functions.Api.WaitUntilCompletedAsync(ended.RecordingId, TimeSpan.FromSeconds(60));
        double stopToFinalized = TimeProvider.System.GetElapsedTime(ended.StoppedAt).TotalSeconds;
        bool good = await new DemoReport(stage, voices).PrintAsync(recording, stopToFinalized, ended);
        int result = good ? 0 : 1;
        if (!options.Keep) return result;
        interruption.ResultWhenStopped = result;
        await stage.KeepAsync(recording, interruption.Stop);
        return result;
    }

    public static void Say(string line) => Console.WriteLine($"demo: {line}");

    /// <summary>Prints what people see in the channel.</summary>
    public static void Show(string when, SimulatedMessage message)
    {
        Console.WriteLine($"┌─ the panel {when} ".PadRight(78, '─'));
        foreach (string line in message.Text.Split('\n')) Console.WriteLine($"│ {line}");
        Console.WriteLine("└".PadRight(78, '─'));
    }
}

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

    public static async Task<int> RunAsync(string[] args)
    {
        if (DemoOptions.Parse(args) is not { } options) return 2;
        await using DemoStage stage = await DemoStage.StartAsync(options);
        Simulator discord = stage.Discord;
        List<DemoVoice> voices = [];
        try
        {
            foreach (string name in Names) voices.Add(await DemoVoice.JoinAsync(discord, name, options.Plain));
            Say(
                $"{string.Join(", ", Names)} are in "
                + $"#{discord.VoiceChannel.Name}{(options.Plain ? "" : ", end-to-end encrypted, each an unmodified discord.js client")}");
            DemoCall call = new(stage, voices);
            DemoCall.Ended ended = await call.RunAsync(options);
            RecordingDetails recording = await stage.Functions.Api.WaitUntilCompletedAsync(ended.RecordingId, TimeSpan.FromSeconds(60));
            double stopToFinalized = TimeProvider.System.GetElapsedTime(ended.StoppedAt).TotalSeconds;
            bool good = await new DemoReport(stage, voices).PrintAsync(recording, stopToFinalized, ended);
            if (options.Keep) await stage.KeepAsync(recording);
            return good ? 0 : 1;
        }
        finally
        {
            foreach (DemoVoice voice in voices) await voice.DisposeAsync();
        }
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

using Pipeline.Bot.Commands;
using Pipeline.Bot.Tests.Guilds;

namespace Pipeline.Bot.Tests.Commands;

public sealed class GatewayPumpTests
{
    /// <summary>The bot would stay at Discord, deaf to all that happens there, and nobody would start it again.</summary>
    [Fact]
    public async Task Bug_where_events_are_taken_in_stops_the_bot()
    {
        await using BotRig rig = await BotRig.StartAsync();
        GatewayPump pump = rig.Pump;
        rig.Recorders.Changed += (_, _) => throw new InvalidOperationException("a bug");
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Recordings.Stopping.IsCancellationRequested);
        await rig.StopAsync();
        Assert.Equal("a bug", Assert.IsType<InvalidOperationException>(pump.ExecuteTask!.Exception!.InnerException).Message);
    }
}

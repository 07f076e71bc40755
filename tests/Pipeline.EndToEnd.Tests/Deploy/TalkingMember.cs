using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>
/// Somebody who talks without a pause: a speaker of the simulator, or in an encrypted call an unmodified discord.js client.
/// </summary>
internal sealed class TalkingMember : IAsyncDisposable
{
    private static readonly string PeerFolder = RepositoryRoot.Combine("tests", "peers", "discordjs");

    private readonly SimulatedSpeaker? speaker;
    private readonly DiscordJsPeer? peer;
    private Task talking = Task.CompletedTask;
    private bool gone;

    private TalkingMember(SimulatedSpeaker? speaker, DiscordJsPeer? peer) => (this.speaker, this.peer) = (speaker, peer);

    /// <summary>discord.js clients are there once <c>infra/setup.sh</c> has run.</summary>
    public static bool HasClients => Directory.Exists(Path.Combine(PeerFolder, "node_modules", "@discordjs", "voice"));

    public static async Task<TalkingMember> JoinAsync(Simulator discord, bool encrypted)
    {
        if (!encrypted) return new TalkingMember(discord.AddSpeaker("Ada", discord.VoiceChannel), null);
        DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, "Ada", PeerFolder, dave: true);
        await peer.JoinAsync(discord.VoiceChannel);
        return new TalkingMember(null, peer);
    }

    public void Talk()
    {
        OpusClip clip = OpusClip.Generate(5, TimeSpan.FromMinutes(3));
        talking = speaker?.SayAsync(clip) ?? peer!.SayAsync(clip);
    }

    /// <summary>Ends the talk. A client that has gone never says that it has finished, so only the speaker's end is awaited.</summary>
    public async ValueTask DisposeAsync()
    {
        if (gone) return;
        gone = true;
        speaker?.BeQuiet();
        if (peer is not null) await peer.DisposeAsync();
        else await talking;
    }
}

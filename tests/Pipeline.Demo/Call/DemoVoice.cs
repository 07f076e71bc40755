using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.TestKit;

namespace Pipeline.Demo.Call;

/// <summary>
/// Somebody in the call. In a plain call the simulator's own speakers talk; in an encrypted one unmodified discord.js clients do,
/// because a key exchange with our own simulator would prove nothing.
/// </summary>
internal sealed class DemoVoice : IAsyncDisposable
{
    private readonly SimulatedSpeaker? speaker;
    private readonly DiscordJsPeer? peer;

    private DemoVoice(string name, SimulatedSpeaker? speaker, DiscordJsPeer? peer) => (Name, this.speaker, this.peer) = (name, speaker, peer);

    public string Name { get; }
    public string File => RepositoryRoot.Combine("tests", "speech", $"{Name.ToLowerInvariant()}.opus");
    public ulong UserId => speaker?.UserId ?? peer!.UserId;

    public static async Task<DemoVoice> JoinAsync(Simulator discord, string name, bool plain)
    {
        if (plain) return new DemoVoice(name, discord.AddSpeaker(name), null);
        DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, name, RepositoryRoot.Combine("tests", "peers", "discordjs"), dave: true);
        await peer.JoinAsync(discord.VoiceChannel);
        return new DemoVoice(name, null, peer);
    }

    public Task TalkAsync()
    {
        OpusClip clip = OpusClip.Read(File);
        return speaker?.SayAsync(clip) ?? peer!.SayAsync(clip);
    }

    /// <summary>The voice privacy code as this client shows it; null in a plain call.</summary>
    public async Task<string?> PrivacyCodeAsync()
    {
        if (peer is null) return null;
        int seen = peer.Events.Count;
        await peer.SendAsync("code");
        return (string?)(await peer.ExpectAsync("code", after: seen))["privacyCode"];
    }

    public ValueTask DisposeAsync() => peer?.DisposeAsync() ?? ValueTask.CompletedTask;
}

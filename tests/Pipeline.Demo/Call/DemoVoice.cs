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
    private readonly List<OpusClip> spoken = [];

    private DemoVoice(string name, SimulatedSpeaker? speaker, DiscordJsPeer? peer) =>
        (Name, this.speaker, this.peer) = (name, speaker, peer);

    public string Name { get; }
    public string File => SpeechOf(Name);
    public ulong UserId => speaker?.UserId ?? peer!.UserId;

    /// <summary>What a voice of this name says; its sentences lie beside it.</summary>
    public static string SpeechOf(string name) => RepositoryRoot.Combine("tests", "speech", "demo", $"{name.ToLowerInvariant()}.opus");

    public static async Task<DemoVoice> JoinAsync(Simulator discord, string name, bool plain)
    {
        if (plain) return new DemoVoice(name, discord.AddSpeaker(name), null);
        DiscordJsPeer peer = await DiscordJsPeer.StartAsync(discord, name, RepositoryRoot.Combine("tests", "peers", "discordjs"),
            dave: true);
        await peer.JoinAsync(discord.VoiceChannel);
        return new DemoVoice(name, null, peer);
    }

    /// <summary>Says everything in so many talks, with pauses between that differ from voice to voice.</summary>
    public async Task TalkAsync(int talks)
    {
        Random random = new(Name.Length);
        foreach (OpusClip part in Parts(OpusClip.Read(File), talks))
        {
            if (spoken.Count > 0) await Task.Delay(TimeSpan.FromSeconds(2 + (4 * random.NextDouble())));
            spoken.Add(part);
            await (speaker?.SayAsync(part) ?? peer!.SayAsync(part));
        }
    }

    /// <summary>What was said, talk by talk.</summary>
    public IReadOnlyList<OpusClip> Spoken => spoken;

    /// <summary>Talks of the same length; the last one is shorter by a few frames.</summary>
    public static IReadOnlyList<OpusClip> Parts(OpusClip clip, int talks)
    {
        int length = (clip.Frames.Count + talks - 1) / talks;
        return [.. clip.Frames.Chunk(length).Select((frames, i) => new OpusClip($"{clip.Name} {i + 1}", frames))];
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

namespace Pipeline.DiscordSimulator.Speakers;

/// <summary>One clip as it was said.</summary>
/// <param name="Clip">What.</param>
/// <param name="StartedAt">Virtual time of its first packet.</param>
/// <param name="PacketsSent">Packets that left the client, silence frames at the end included.</param>
public sealed record Utterance(OpusClip Clip, TimeSpan StartedAt, int PacketsSent);

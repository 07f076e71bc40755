namespace Pipeline.DiscordSimulator.Speakers;

/// <summary>One Opus packet and how long it sounds.</summary>
/// <param name="Payload">As it goes into RTP.</param>
/// <param name="Samples">Per channel at 48 kHz; 960 is 20 ms.</param>
public readonly record struct OpusFrame(ReadOnlyMemory<byte> Payload, int Samples);

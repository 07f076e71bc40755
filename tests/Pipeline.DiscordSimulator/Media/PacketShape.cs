namespace Pipeline.DiscordSimulator.Media;

/// <summary>What the hop wraps around a payload.</summary>
/// <param name="ExtensionWords">32-bit words of the <c>BE DE</c> extension; 0 leaves it out.</param>
/// <param name="CsrcCount">0 to 15.</param>
/// <param name="Padding">Bytes of padding, the last of which counts them; 0 is none.</param>
public readonly record struct PacketShape(int ExtensionWords, int CsrcCount, int Padding);

namespace Pipeline.Audio.Opus;

/// <summary>The encoder of Concentus, for machines without a libopus: 50 to 85 times real time.</summary>
public sealed class ManagedOpusEncoder : IOpusEncoder
{
    private readonly Concentus.IOpusEncoder encoder;
    private readonly byte[] packet = new byte[OpusPacket.MaximumBytes];

    public ManagedOpusEncoder(OpusEncoderOptions options)
    {
        Channels = options.Channels;
        encoder = ManagedOpus.CreateEncoder(options.Channels, options.Speech);
        encoder.Bitrate = options.Bitrate;
        encoder.Complexity = options.Complexity;
        encoder.UseInbandFEC = options.ExpectedLossPercent > 0;
        encoder.PacketLossPercent = options.ExpectedLossPercent;
    }

    public int Channels { get; }
    public int LookAhead => encoder.Lookahead;

    public ReadOnlySpan<byte> Encode(scoped ReadOnlySpan<short> pcm) =>
        packet.AsSpan(0, encoder.Encode(pcm, pcm.Length / Channels, packet, packet.Length));

    public void Dispose() => encoder.Dispose();
}

using System.Runtime.InteropServices;

namespace Pipeline.TestKit;

/// <summary>
/// libopus as a sender has it: 48 kHz, packets of 2.5 to 60 ms. Shares nothing with the product, so that it can judge it.
/// </summary>
public sealed unsafe partial class OpusEncoder : IDisposable
{
    /// <summary>Samples by which decoded audio lies behind what was encoded (the encoder looks ahead 6.5 ms).</summary>
    public const int LookAhead = 312;

    private const string Library = "libopus.so.0";
    private const int ApplicationVoip = 2048;
    private const int ApplicationAudio = 2049;
    private const int SetBitrate = 4002;
    private const int SetInbandFec = 4012;
    private const int SetPacketLossPercent = 4014;

    private readonly int channels;
    private readonly byte[] packet = new byte[4000];
    private nint encoder;

    /// <param name="speech">Tune for speech (SILK and hybrid, the modes that carry in-band redundancy) instead of music.</param>
    /// <param name="expectedLossPercent">Over 0: in-band redundancy for so much loss.</param>
    public OpusEncoder(int channels = 1, int bitrate = 64_000, bool speech = false, int expectedLossPercent = 0)
    {
        this.channels = channels;
        encoder = opus_encoder_create(48_000, channels, speech ? ApplicationVoip : ApplicationAudio, out int error);
        if (error != 0) throw new InvalidOperationException($"opus_encoder_create: {error}");
        Set(SetBitrate, bitrate);
        Set(SetInbandFec, expectedLossPercent > 0 ? 1 : 0);
        Set(SetPacketLossPercent, expectedLossPercent);
    }

    /// <param name="pcm"><c>[samples, channels]</c> of one frame: 120, 240, 480, 960, 1920 or 2880 samples.</param>
    /// <returns>The packet; valid until the next call.</returns>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<short> pcm)
    {
        fixed (short* input = pcm)
        fixed (byte* output = packet)
        {
            int length = opus_encode(encoder, input, pcm.Length / channels, output, packet.Length);
            if (length < 0) throw new InvalidOperationException($"opus_encode: {length}");
            return packet.AsSpan(0, length);
        }
    }

    public void Dispose()
    {
        if (encoder != 0) opus_encoder_destroy(encoder);
        encoder = 0;
    }

    private void Set(int request, int value)
    {
        int error = opus_encoder_ctl(encoder, request, value);
        if (error != 0) throw new InvalidOperationException($"opus_encoder_ctl {request}: {error}");
    }

    [LibraryImport(Library)]
    private static partial nint opus_encoder_create(int sampleRate, int channels, int application, out int error);

    [LibraryImport(Library)]
    private static partial void opus_encoder_destroy(nint encoder);

    [LibraryImport(Library)]
    private static partial int opus_encode(nint encoder, short* pcm, int frameSize, byte* data, int maximum);

    // Variadic in C; integers are passed the same way on the platforms that tests run on.
    [LibraryImport(Library)]
    private static partial int opus_encoder_ctl(nint encoder, int request, int value);
}

using System.Runtime.InteropServices;

namespace Pipeline.TestKit;

/// <summary>opus_decode and nothing else: what the product's decoder must equal, sample for sample, and is measured against.</summary>
public sealed unsafe partial class ReferenceDecoder : IDisposable
{
    /// <summary>Samples per channel of the longest packet (120 ms).</summary>
    public const int MaximumSamples = 5760;

    private const string Library = "libopus.so.0";

    private nint decoder;

    public ReferenceDecoder(int channels)
    {
        decoder = opus_decoder_create(48_000, channels, out int error);
        if (error != 0) throw new InvalidOperationException($"opus_decoder_create: {error}");
    }

    /// <param name="packet">Empty: conceal a loss of <paramref name="frameSize"/>.</param>
    /// <param name="frameSize">Samples per channel that there is room for, or that are to be made up.</param>
    /// <returns>Samples per channel, or libopus' error, which is negative.</returns>
    public int Decode(ReadOnlySpan<byte> packet, Span<short> pcm, int frameSize = MaximumSamples, bool decodeFec = false)
    {
        fixed (byte* data = packet)
        fixed (short* output = pcm)
        {
            return opus_decode(decoder, data, packet.Length, output, frameSize, decodeFec ? 1 : 0);
        }
    }

    public void Dispose()
    {
        if (decoder != 0) opus_decoder_destroy(decoder);
        decoder = 0;
    }

    [LibraryImport(Library)]
    private static partial nint opus_decoder_create(int sampleRate, int channels, out int error);

    [LibraryImport(Library)]
    private static partial void opus_decoder_destroy(nint decoder);

    [LibraryImport(Library)]
    private static partial int opus_decode(nint decoder, byte* data, int length, short* pcm, int frameSize, int decodeFec);
}

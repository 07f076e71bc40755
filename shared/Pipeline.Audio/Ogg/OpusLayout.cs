using System.Buffers.Binary;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// The streams that each packet of an Ogg Opus file is made of, and how mono or stereo is made of what they give (RFC 7845 §5.1.1; of
/// ambisonics RFC 8486). The first <see cref="CoupledStreams"/> are stereo, the others mono.
/// </summary>
public sealed class OpusLayout
{
    private const int Silent = 255; // a channel of no stream
    private const int Ambisonics = 2;
    private const int ProjectedAmbisonics = 3;

    private readonly float[] weights; // [outputs, decoded channels]

    private OpusLayout(int streams, int coupledStreams, int outputs)
    {
        (Streams, CoupledStreams, Outputs) = (streams, coupledStreams, outputs);
        weights = new float[outputs * Decoded];
    }

    public int Streams { get; }
    public int CoupledStreams { get; }

    /// <summary>2 of two channels, else 1: of more it is their average, and of ambisonics the sound of all sides.</summary>
    public int Outputs { get; }

    /// <summary>Channels that all streams give together.</summary>
    public int Decoded => Streams + CoupledStreams;

    /// <summary>How much of a decoded channel is in what is heard.</summary>
    /// <param name="output">Of as many as are wanted, 1 or 2, whatever <see cref="Outputs"/> is.</param>
    public float Weight(int output, int outputs, int decoded)
    {
        if (Outputs == 1 || outputs == Outputs) return weights[((Outputs == 1 ? 0 : output) * Decoded) + decoded];
        return (weights[decoded] + weights[Decoded + decoded]) / 2;
    }

    /// <param name="table">What follows on the family: <c>u8 streams | u8 coupled streams | u8 mapping [channels]</c>, or a matrix.</param>
    /// <param name="layout">Null where a packet is one of mono or stereo that is played as it is.</param>
    /// <returns>False where the header contradicts itself.</returns>
    internal static bool TryRead(int family, int channels, ReadOnlySpan<byte> table, out OpusLayout? layout)
    {
        layout = null;
        if (channels == 0) return false;
        if (family == 0) return channels <= 2;
        if (table.Length < 2) return false;
        int streams = table[0], coupled = table[1];
        if (streams == 0 || coupled > streams || streams + coupled > 255) return false;
        OpusLayout read = new(streams, coupled, channels == 2 ? 2 : 1);
        table = table[2..];
        if (!(family == ProjectedAmbisonics ? read.TryTakeMatrix(channels, table) : read.TryTakeMapping(family, channels, table)))
            return false;
        layout = read.IsPlain(channels) ? null : read;
        return true;
    }

    // One stream of which no channel is changed: any decoder of mono or stereo gives it.
    private bool IsPlain(int channels)
    {
        if (Streams != 1 || channels > 2) return false;
        for (int output = 0; output < channels; output++)
        {
            for (int decoded = 0; decoded < Decoded; decoded++)
            {
                bool isIts = Decoded == 1 || (channels == 2 && decoded == output);
                if (weights[(output * Decoded) + decoded] != (isIts ? 1 : 0)) return false;
            }
        }
        return true;
    }

    private bool TryTakeMapping(int family, int channels, ReadOnlySpan<byte> mapping)
    {
        if (mapping.Length < channels) return false;
        mapping = mapping[..channels];
        foreach (byte decoded in mapping)
        {
            if (decoded != Silent && decoded >= Decoded) return false;
        }
        if (family == Ambisonics) mapping = mapping[..1]; // the first is the sound of all sides, the others are differences to it
        for (int channel = 0; channel < mapping.Length; channel++)
        {
            if (mapping[channel] == Silent) continue;
            weights[((Outputs == 2 ? channel : 0) * Decoded) + mapping[channel]] += Outputs == 2 ? 1 : 1f / mapping.Length;
        }
        return true;
    }

    // RFC 8486 §3.2: i16 of 1/32768, one decoded channel behind the other; its first row makes the sound of all sides.
    private bool TryTakeMatrix(int channels, ReadOnlySpan<byte> matrix)
    {
        if (matrix.Length < 2 * channels * Decoded) return false;
        for (int output = 0; output < Outputs; output++)
        {
            for (int decoded = 0; decoded < Decoded; decoded++)
            {
                short value = BinaryPrimitives.ReadInt16LittleEndian(matrix[(2 * ((decoded * channels) + output))..]);
                weights[(output * Decoded) + decoded] = value / 32768f;
            }
        }
        return true;
    }
}

using NAudio.Wave;

namespace Pipeline.Audio.Wav;

/// <summary>
/// The samples of a WAV or AIFF file as WAV has them, for NAudio to read: AIFF's bytes are turned round, and its bytes alone have a sign.
/// Samples of fewer bits stand in the upper bits of whole bytes (WAV: "Multimedia Programming Interface and Data Specifications", AIFF 1.3:
/// "Sound Data Chunk").
/// </summary>
/// <param name="input">Seekable; stays the caller's, and is read by nobody else meanwhile.</param>
internal sealed class SoundFileStream(Stream input, SoundFileHeader header) : Stream
{
    private readonly int width = header.BlockAlign / header.Channels;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => header.SampleCount * header.BlockAlign;
    public override long Position { get; set; }

    /// <summary>The samples as floats, full scale at 1.</summary>
    public ISampleProvider ToSamples()
    {
        WaveFormat format = WaveFormat.CreateCustomFormat(header.IsFloat ? WaveFormatEncoding.IeeeFloat : WaveFormatEncoding.Pcm,
            header.SampleRate, header.Channels, header.SampleRate * header.BlockAlign, header.BlockAlign, 8 * width);
        return new RawSourceWaveStream(this, format).ToSampleProvider();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Clamp(Length - Position, 0, buffer.Length - (buffer.Length % width));
        input.Position = header.DataAt + Position;
        int read = input.ReadAtLeast(buffer[..wanted], wanted, throwOnEndOfStream: false);
        read -= read % width; // of a file that is cut off
        for (int at = 0; header.IsAiff && at < read; at += width)
        {
            if (width == 1) buffer[at] ^= 0x80;
            else if (header.IsBigEndian) buffer.Slice(at, width).Reverse();
        }
        Position += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

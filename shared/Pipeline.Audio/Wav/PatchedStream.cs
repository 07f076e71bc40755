namespace Pipeline.Audio.Wav;

/// <summary>
/// A file to be read in which a few bytes are shown as others, and which ends at another place: before that there are zeros where the
/// file has no more. Does not own the file.
/// </summary>
internal sealed class PatchedStream(Stream input, IReadOnlyList<(long At, byte[] Bytes)> patches, long length) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => length;

    public override long Position
    {
        get => input.Position;
        set => input.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        long from = input.Position;
        buffer = buffer[..(int)Math.Clamp(length - from, 0, buffer.Length)];
        int read = input.Read(buffer);
        if (read == 0)
        {
            buffer.Clear();
            input.Position = from + buffer.Length;
            return buffer.Length;
        }
        foreach ((long at, byte[] bytes) in patches)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                if (at + i >= from && at + i < from + read) buffer[(int)(at + i - from)] = bytes[i];
            }
        }
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => length + offset };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

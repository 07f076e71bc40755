using System.Buffers.Binary;
using System.Globalization;
using NAudio.Wave;

namespace Pipeline.Audio.Wav;

/// <summary>
/// What stands before and behind the samples of a large WAV file: RIFF or, beyond 4 GiB, RF64; a <c>bext</c> chunk that puts the file
/// at its time of day in any editor; cues. The samples themselves (s16le, interleaved) are put in between by the one who has them.
/// </summary>
public static class BroadcastWave
{
    private const string Originator = "Pipeline";
    private const int Piece = 1 << 20;

    /// <param name="channels">1 or 2, at 48 kHz.</param>
    /// <param name="totalSamples">Per channel, at least 1.</param>
    /// <param name="startedAt">When sample 0 was.</param>
    /// <param name="loudness">LUFS of the whole; null: not known.</param>
    /// <param name="marks">Places and texts; what lies beyond 2^31 samples has no place in a cue and is left out.</param>
    public static (byte[] Head, byte[] Tail) Describe(
        int channels, long totalSamples, DateTimeOffset startedAt, string description, string reference, double? loudness,
            IReadOnlyList<(long Sample, string Text)> marks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(totalSamples);
        using HeadAndTail stream = new();
        WaveFormat format = new(48_000, 16, channels);
        using (WaveFileWriter writer = new(stream, format, new WaveFileWriterOptions { EnableRf64 = true }))
        {
            writer.WriteBroadcastExtension(Extension(startedAt, description, reference, loudness), ChunkPosition.BeforeData);
            foreach ((long sample, string text) in marks)
            {
                if (sample <= int.MaxValue) writer.AddCue((int)sample, text);
            }
            long bytes = totalSamples * format.BlockAlign;
            byte[] nothing = new byte[Piece];
            int first = (int)Math.Min(bytes, Piece);
            writer.Write(nothing.AsSpan(0, first)); // the head is written with the first samples
            writer.Flush();
            stream.EndHead(bytes);
            for (long left = bytes - first; left > 0; left -= Piece) writer.Write(nothing.AsSpan(0, (int)Math.Min(left, Piece)));
        }
        return (stream.Head, stream.Tail);
    }

    private static BroadcastExtension Extension(DateTimeOffset startedAt, string description, string reference, double? loudness)
    {
        DateTime utc = startedAt.UtcDateTime;
        return new BroadcastExtension
        {
            Description = description,
            Originator = Originator,
            OriginatorReference = reference,
            OriginationDate = utc.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            OriginationTime = utc.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
            TimeReference = (long)Math.Round(utc.TimeOfDay.TotalSeconds * 48_000), // samples since midnight, EBU Tech 3285
            Version = 2,
            LoudnessValue = loudness is { } value ? (short)Math.Round(value * 100) : null,
        };
    }

    /// <summary>Keeps what is written before and behind the samples and only counts the samples.</summary>
    private sealed class HeadAndTail : Stream
    {
        private readonly MemoryStream head = new();
        private readonly MemoryStream tail = new();
        private long samplesStart = 2 * Piece;
        private long samplesEnd = long.MaxValue;
        private long length;
        private long position;

        public byte[] Head => head.ToArray()[..(int)samplesStart];
        public byte[] Tail => tail.ToArray();
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => true;
        public override long Length => length;

        public override long Position
        {
            get => position;
            set => position = value;
        }

        /// <summary>The data chunk begins in what was written so far; it will have so many bytes.</summary>
        public void EndHead(long bytes)
        {
            ReadOnlySpan<byte> written = head.ToArray();
            int at = 12; // behind RIFF, length, WAVE
            while (!written[at..].StartsWith("data"u8)) at += 8 + BinaryPrimitives.ReadInt32LittleEndian(written[(at + 4)..]);
            samplesStart = at + 8;
            samplesEnd = samplesStart + bytes;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (position < samplesStart) Put(head, position, buffer);
            else if (position >= samplesEnd) Put(tail, position - samplesEnd, buffer);
            position += buffer.Length;
            length = Math.Max(length, position);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override long Seek(long offset, SeekOrigin origin) =>
            position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => position + offset, _ => length + offset };

        public override void SetLength(long value) => length = value;

        public override int Read(byte[] buffer, int offset, int count)
        {
            head.Position = position;
            int read = head.Read(buffer, offset, count);
            position += read;
            return read;
        }

        public override void Flush()
        {
        }

        private static void Put(MemoryStream part, long at, ReadOnlySpan<byte> bytes)
        {
            part.Position = at;
            part.Write(bytes);
        }
    }
}

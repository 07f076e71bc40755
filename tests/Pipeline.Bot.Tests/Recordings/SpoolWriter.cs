using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>Lays closed segments into a spool folder, as capture does.</summary>
internal static class SpoolWriter
{
    /// <summary>A segment of one second, mono; its samples are made from its identity.</summary>
    public static string Write(string spool, SessionInfo session, ulong userId, int index, string username = "Ada", int samples = 48_000)
    {
        string folder = Path.Combine(spool, session.RecordingId.ToString(), userId.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        string wav = Path.Combine(folder, $"{index:D6}.wav");
        SegmentSidecar sidecar = new()
        {
            Session = session,
            UserId = userId,
            Username = username,
            Index = index,
            StartSample = index * 48_000L,
            Channels = 1
        };
        File.WriteAllBytes(Path.ChangeExtension(wav, ".json"),
            JsonSerializer.SerializeToUtf8Bytes(sidecar, CaptureJsonContext.Default.SegmentSidecar));
        File.WriteAllBytes(wav, Wav(userId, index, samples));
        return wav;
    }

    public static byte[] Wav(ulong userId, int index, int samples)
    {
        byte[] wav = new byte[44 + (samples * 2)];
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), wav.Length - 8);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), 48_000);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), 96_000);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), samples * 2);
        new Random(unchecked((int)userId + (index * 31))).NextBytes(wav.AsSpan(44));
        return wav;
    }
}

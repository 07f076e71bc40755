using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>Numbers voice messages with one 16-bit counter that wraps, and keeps the newest for a resume.</summary>
internal sealed class VoiceReplayBuffer(ushort first, int capacity)
{
    private readonly List<Entry> entries = [];
    private ushort next = first;
    private bool hasForgotten;

    /// <summary>A numbered message: text or binary, as it goes over the wire.</summary>
    public sealed record Entry(ushort Sequence, string? Text, byte[]? Binary);

    public Entry AddText(int op, JsonNode? data)
    {
        ushort sequence = next++;
        JsonObject message = new() { ["op"] = op, ["d"] = data, ["seq"] = sequence };
        return Add(new Entry(sequence, message.ToJsonString(), null));
    }

    public Entry AddBinary(byte op, ReadOnlySpan<byte> payload)
    {
        ushort sequence = next++;
        byte[] message = new byte[3 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(message, sequence);
        message[2] = op;
        payload.CopyTo(message.AsSpan(3));
        return Add(new Entry(sequence, null, message));
    }

    /// <summary>True when everything after this number is still here; -1 asks for all there ever was.</summary>
    public bool Contains(long acknowledged) => acknowledged < 0 ? !hasForgotten : IndexOf(acknowledged) >= 0;

    public IReadOnlyList<Entry> After(long acknowledged) => entries[(IndexOf(acknowledged) + 1)..];

    private int IndexOf(long acknowledged) =>
        entries.FindLastIndex(entry => entry.Sequence == (ushort)acknowledged && acknowledged >= 0);

    private Entry Add(Entry entry)
    {
        entries.Add(entry);
        if (entries.Count > capacity)
        {
            entries.RemoveAt(0);
            hasForgotten = true;
        }

        return entry;
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// The segments that can be finalized, as a few numbers each: a week of a thousand people fits into memory so, their rows do not. The rows
/// are read when they are sent.
/// </summary>
internal sealed class PresentSegments
{
    private const int Width = 8;

    private readonly List<PresentSegment> segments = [];
    private readonly Dictionary<ulong, string> users = [];
    private readonly SessionInfo session;

    // SHA-256 over its last value and the next row.
    private byte[] hash = [];

    public PresentSegments(SessionInfo session) => this.session = session;

    public int Count => segments.Count;

    /// <summary>Bytes of all files.</summary>
    public long FileSize { get; private set; }

    /// <summary>End of the last segment in samples.</summary>
    public long EndSample { get; private set; }

    public IReadOnlyCollection<ulong> Users => users.Keys;

    /// <summary>By time as the recording API counts it, then user id as text, then index: the order in which they are sent.</summary>
    public IReadOnlyList<PresentSegment> Ordered { get; private set; } = [];

    /// <summary>Only an equal list has it: 32 hex digits of SHA-256.</summary>
    public string Fingerprint { get; private set; } = "";

    /// <param name="row">In the order of the table, so that equal rows give an equal fingerprint.</param>
    public void Add(LedgerSegment row)
    {
        users.TryAdd(row.Key.UserId, row.Key.UserId.ToString(CultureInfo.InvariantCulture));
        int length = Encoding.UTF8.GetByteCount(row.Username) + Encoding.UTF8.GetByteCount(row.BlobUrl ?? "");
        segments.Add(new PresentSegment(row.Key.UserId, row.Key.Index, row.StartSample, row.SampleCount, length));
        FileSize += row.FileSize;
        EndSample = Math.Max(EndSample, row.StartSample + row.SampleCount);
        Span<byte> numbers = stackalloc byte[40];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, row.Key.UserId);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], row.Key.Index);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[16..], row.FileSize);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], row.StartSample);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[32..], row.SampleCount);
        byte[] text = Encoding.UTF8.GetBytes($"{row.Username}\n{row.BlobUrl}\n{row.ContentMd5}\n{row.Channels}\n");
        hash = SHA256.HashData([.. hash, .. numbers, .. text]);
    }

    /// <summary>Nothing comes any more.</summary>
    public void Close()
    {
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(hash))[..32];
        Comparison<PresentSegment> order = (one, other) =>
        {
            int byTime = WireMapping.Milliseconds(session, one.StartSample).CompareTo(WireMapping.Milliseconds(session, other.StartSample));
            if (byTime != 0) return byTime;
            int byUser = string.CompareOrdinal(users[one.UserId], users[other.UserId]);
            return byUser != 0 ? byUser : one.Index.CompareTo(other.Index);
        };
        segments.Sort(order);
        Ordered = segments;
    }

    /// <summary>Cuts the list into parts that a request can hold.</summary>
    /// <param name="most">Segments of a part.</param>
    public IReadOnlyList<Range> Parts(int most)
    {
        List<Range> parts = [];
        (int first, long bytes) = (0, 0);
        for (int at = 0; at < Ordered.Count; at++)
        {
            long length = Ordered[at].LengthOnWire;
            if (at > first && (at - first == most || bytes + length > FinalizePartRequest.MostBytes))
            {
                parts.Add(first..at);
                (first, bytes) = (at, 0);
            }
            bytes += length;
        }
        if (first < Ordered.Count) parts.Add(first..Ordered.Count);
        return parts;
    }

    /// <summary>The rows of a stretch of the list, in its order.</summary>
    public async Task<IReadOnlyList<LedgerSegment>> ReadAsync(LedgerTable ledger, Range stretch, CancellationToken cancellation)
    {
        (int offset, int length) = stretch.GetOffsetAndLength(Ordered.Count);
        Dictionary<SegmentKey, int> places = new(length);
        for (int at = 0; at < length; at++) places[Ordered[offset + at].KeyIn(session.RecordingId)] = at;
        LedgerSegment?[] rows = new LedgerSegment?[length];
        ParallelOptions width = new() { MaxDegreeOfParallelism = Width, CancellationToken = cancellation };
        await Parallel.ForEachAsync(places.Keys.GroupBy(key => key.UserId), width, async (own, stop) =>
        {
            await foreach (LedgerSegment row in
                ledger.SegmentsAsync(session.RecordingId, own.Key, own.Min(key => key.Index), own.Max(key => key.Index), stop))
            {
                if (places.TryGetValue(row.Key, out int at)) rows[at] = row;
            }
        });
        LedgerSegment[] there = [.. rows.OfType<LedgerSegment>()];
        return there.Length == length ? there : throw new LedgerChangedException();
    }
}

/// <param name="TextLength">UTF-8 bytes of the name and the address.</param>
internal readonly record struct PresentSegment(ulong UserId, int Index, long StartSample, long SampleCount, int TextLength)
{
    // Names of fields, numbers and the hash are 450 bytes; the name stands twice, once in the path.
    public long LengthOnWire => 450 + (2L * TextLength);

    public SegmentKey KeyIn(RecordingId recording) => new(recording, UserId, Index);
}

/// <summary>Rows went while they were being sent: the recording was deleted meanwhile, or another look is due.</summary>
internal sealed class LedgerChangedException() : Exception("segments have gone from the ledger while they were being sent");

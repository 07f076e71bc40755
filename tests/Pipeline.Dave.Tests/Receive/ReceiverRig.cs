using System.Collections.Frozen;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;

namespace Pipeline.Dave.Tests.Receive;

/// <summary>A receiver on a virtual clock, with key sets made by hand and a record of what its sink was given.</summary>
internal sealed class ReceiverRig : IDisposable
{
    public const ulong Alice = 111, Bob = 222;

    private ushort sequence;

    public ReceiverRig() => Receiver = new DaveReceiver(Time, OnReleased);

    public FakeTimeProvider Time { get; } = new();

    public DaveReceiver Receiver { get; }

    public List<(ulong UserId, DaveFrameOrigin Origin, DaveOpenResult Result, byte[] Frame)> Released { get; } = [];

    public DaveSnapshot Snapshot { get; set; } = new() { ProtocolVersion = 1, State = DaveState.Active, PassthroughUntil = long.MinValue };

    public byte[] LastPlain { get; private set; } = [];

    public long Now => Time.GetTimestamp();

    public long In(double seconds) => Now + (long)(seconds * Time.TimestampFrequency);

    public static byte[] SecretOf(int serial, ulong userId) =>
        [.. Enumerable.Range(0, 16).Select(i => (byte)(serial * 31 + (int)userId * 7 + i))];

    public static byte[] Plain(int number) => [0x78, .. Enumerable.Range(0, 40 + number % 50).Select(i => (byte)(i + number))];

    public static byte[] Seal(int serial, ulong userId, uint nonce) =>
        FrameSealer.Seal(FrameSealer.KeyOf(SecretOf(serial, userId), 0), nonce, Plain((int)nonce));

    /// <summary>A key set of these users, on top of the ones before, which expire in 10 s.</summary>
    public void Rekey(int serial, params ulong[] users)
    {
        EpochKeys keys = new(serial, (ulong)serial, Now, users.ToFrozenDictionary(user => user, user => SecretOf(serial, user)));
        Snapshot = Snapshot with
        {
            Keys = [keys, .. Snapshot.Keys.Select(older => older.ExpiringAt(In(10)))],
            Revision = Snapshot.Revision + 1,
        };
    }

    /// <param name="number">Null: the next one.</param>
    /// <param name="ssrc">Null: the user's usual one.</param>
    public DaveOpenResult Open(ulong userId, byte[] frame, ushort? number = null, uint? ssrc = null)
    {
        byte[] destination = new byte[frame.Length];
        DaveFrameOrigin origin = new(ssrc ?? (uint)userId, number ?? sequence++, 0, Now);
        DaveOpenResult result = Receiver.Open(Snapshot, userId, in origin, frame, destination, out int written);
        LastPlain = destination[..written];
        return result;
    }

    /// <summary>A packet of padding.</summary>
    public bool Queue(ulong userId) => Receiver.TryQueue(userId, new DaveFrameOrigin((uint)userId, sequence++, 0, Now));

    public void Advance(double seconds)
    {
        for (double left = seconds; left > 0; left -= 0.05)
        {
            Time.Advance(TimeSpan.FromSeconds(Math.Min(left, 0.05)));
            Receiver.Poll(Snapshot);
        }
    }

    public void Dispose() => Receiver.Dispose();

    private void OnReleased(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> frame) =>
        Released.Add((userId, origin, result, frame.ToArray()));
}

namespace Pipeline.DiscordSimulator.Dave;

/// <summary>A Welcome for everyone whom a commit adds, from which each gets only its own entry.</summary>
public sealed class PeerWelcome
{
    private readonly List<(byte[] Reference, byte[] Entry)> secrets = [];
    private readonly byte[] groupInfo;

    private PeerWelcome(byte[] groupInfo) => this.groupInfo = groupInfo;

    public static PeerWelcome Parse(ReadOnlySpan<byte> bytes)
    {
        MlsWire wire = new(bytes);
        wire.Expect(2, "cipher suite");
        MlsWire entries = new(wire.Vector());
        PeerWelcome welcome = new(wire.Vector().ToArray());
        if (!wire.AtEnd) throw new InvalidDataException("bytes behind the Welcome");
        while (!entries.AtEnd)
        {
            int start = entries.Position;
            byte[] reference = entries.Vector().ToArray();
            _ = entries.Vector();
            _ = entries.Vector();
            welcome.secrets.Add((reference, entries.Since(start).ToArray()));
        }
        return welcome;
    }

    /// <summary>The Welcome with the one entry for this key package; null when it holds none.</summary>
    public byte[]? NarrowedTo(byte[] keyPackageReference)
    {
        byte[]? entry = secrets.Find(secret => secret.Reference.AsSpan().SequenceEqual(keyPackageReference)).Entry;
        return entry is null ? null : [0, 2, .. MlsWire.Vector(entry), .. MlsWire.Vector(groupInfo)];
    }
}

using System.Collections.Frozen;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Tests.Session;

public sealed class DaveSnapshotTests
{
    private const long Now = 1000;

    [Theory]
    [InlineData(0, long.MaxValue, null, true)]
    [InlineData(1, long.MaxValue, null, false)]
    [InlineData(0, Now + 1, null, true)]
    [InlineData(0, Now, null, false)] // the window is over
    [InlineData(0, long.MaxValue, Now, true)] // its keys open nothing any more
    [InlineData(0, long.MaxValue, Now + 1, false)]
    public void Call_is_plain_without_a_version_and_without_a_key_that_lives(int version, long until, long? expiry, bool expected)
    {
        EpochKeys keys = new(1, 1, 0, FrozenDictionary<ulong, byte[]>.Empty);
        DaveSnapshot snapshot = new()
        {
            ProtocolVersion = version,
            PassthroughUntil = until,
            Keys = expiry is { } at ? [keys.ExpiringAt(at)] : [],
        };
        Assert.Equal(expected, snapshot.IsPlainAt(Now));
    }
}

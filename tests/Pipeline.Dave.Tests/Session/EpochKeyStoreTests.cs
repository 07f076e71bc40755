using Microsoft.Extensions.Time.Testing;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Tree;

namespace Pipeline.Dave.Tests.Session;

/// <summary>How long the keys of an epoch open frames, and when they are wiped.</summary>
public sealed class EpochKeyStoreTests : IDisposable
{
    private const ulong Channel = 940_000_000_000_000_001, Self = 9;

    private readonly FakeTimeProvider time = new();
    private readonly GatewayKey gateway = new(Channel);
    private readonly MlsIdentity identity = MlsIdentity.Create(Self);
    private readonly GroupState group;
    private readonly EpochKeyStore store;

    public EpochKeyStoreTests()
    {
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        group = GroupState.Create(new byte[8], identity, keys, ExternalSender.Parse(gateway.Announcement));
        store = new EpochKeyStore(time);
    }

    public void Dispose()
    {
        group.Dispose();
        identity.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Keys_of_the_epoch_before_open_late_frames_for_ten_seconds()
    {
        int first = store.Adopt(group), second = store.Adopt(group);
        Assert.Equal([second, first], store.Live.Select(keys => keys.Serial));
        time.Advance(EpochKeys.Lateness - TimeSpan.FromMilliseconds(1));
        store.Prune();
        Assert.Equal(2, store.Live.Length);
        time.Advance(TimeSpan.FromMilliseconds(1));
        store.Prune();
        Assert.Equal([second], store.Live.Select(keys => keys.Serial));
        Assert.Equal(long.MaxValue, store.Live[0].ExpiresAt);
    }

    [Fact]
    public void Epochs_that_follow_do_not_prolong_those_before()
    {
        store.Adopt(group);
        store.Adopt(group);
        long expiry = store.Live[1].ExpiresAt;
        time.Advance(TimeSpan.FromSeconds(5));
        store.Adopt(group);
        Assert.Equal(expiry, store.Live[2].ExpiresAt);
    }

    [Fact]
    public void Expired_keys_are_wiped_when_nobody_can_be_reading_them_any_more()
    {
        store.Adopt(group);
        EpochKeys old = store.Live[0];
        store.Adopt(group);
        time.Advance(EpochKeys.Lateness);
        store.Prune();
        time.Advance(EpochKeys.Lateness - TimeSpan.FromMilliseconds(1));
        store.Prune();
        Assert.False(IsWiped(old));
        time.Advance(TimeSpan.FromMilliseconds(1));
        store.Prune();
        Assert.True(IsWiped(old));
        Assert.False(IsWiped(store.Live[0]));
    }

    [Fact]
    public void End_of_the_session_wipes_live_and_expired_ones()
    {
        store.Adopt(group);
        EpochKeys expired = store.Live[0];
        store.Adopt(group);
        time.Advance(EpochKeys.Lateness);
        store.Prune();
        EpochKeys live = store.Live[0];
        store.WipeAll();
        Assert.Equal((true, true, 0), (IsWiped(expired), IsWiped(live), store.Live.Length));
    }

    [Fact]
    public void Flood_of_epochs_keeps_64_sets()
    {
        int last = 0;
        for (int i = 0; i < 70; i++) last = store.Adopt(group);
        Assert.Equal(64, store.Live.Length);
        Assert.Equal((last, last - 63), (store.Live[0].Serial, store.Live[^1].Serial));
    }

    private static bool IsWiped(EpochKeys keys)
    {
        Assert.True(keys.TryGetBaseSecret(Self, out ReadOnlySpan<byte> secret));
        return !secret.ContainsAnyExcept((byte)0);
    }
}

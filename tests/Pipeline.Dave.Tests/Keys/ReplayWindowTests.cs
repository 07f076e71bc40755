using CsCheck;
using Pipeline.Dave.Keys;

namespace Pipeline.Dave.Tests.Keys;

public sealed class ReplayWindowTests
{
    [Fact]
    public void No_nonce_is_used_twice_and_none_within_a_thousand_is_lost()
    {
        Gen<int[]> jumps = Gen.Frequency((8, Gen.Int[-5, 5]), (2, Gen.Int[-1100, 1100]), (1, Gen.Int[0, 5000])).Array[1, 400];
        jumps.Sample(steps =>
        {
            ReplayWindow window = new();
            HashSet<ulong> used = [];
            ulong newest = 0;
            long at = 10_000;
            foreach (int step in steps)
            {
                at = Math.Max(0, at + step);
                ulong nonce = (ulong)at;
                bool expected = used.Count == 0 || nonce > newest || (newest - nonce <= 1_000 && !used.Contains(nonce));
                if (window.MayUse(nonce) != expected) return false;
                if (!expected) continue;
                window.Use(nonce);
                used.Add(nonce);
                newest = Math.Max(newest, nonce);
            }
            return true;
        }, iter: 300);
    }

    [Fact]
    public void A_thousand_nonces_before_the_newest_may_come_and_no_older_one()
    {
        ReplayWindow window = new();
        window.Use(5_000);
        Assert.True(window.MayUse(4_000));
        Assert.False(window.MayUse(3_999));
    }

    [Fact]
    public void A_frame_that_was_overtaken_before_the_first_one_is_still_taken_once()
    {
        ReplayWindow window = new();
        window.Use(3);
        Assert.True(window.MayUse(1));
        window.Use(1);
        Assert.False(window.MayUse(1));
        Assert.True(window.MayUse(2));
        Assert.False(window.MayUse(3));
    }

    [Fact]
    public void The_end_of_64_bits_is_not_an_end_of_the_world()
    {
        ReplayWindow window = new();
        window.Use(ulong.MaxValue - 2);
        window.Use(ulong.MaxValue);
        Assert.True(window.MayUse(ulong.MaxValue - 1));
        Assert.False(window.MayUse(ulong.MaxValue));
    }
}

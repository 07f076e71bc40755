using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;

namespace Pipeline.Discord.Tests.Media;

public sealed class SsrcMapTests
{
    private readonly FakeTimeProvider time = new();
    private readonly SsrcMap map;

    public SsrcMapTests() => map = new SsrcMap(time);

    [Fact]
    public void User_may_have_several_sources_over_time()
    {
        Assert.True(map.Assign(10, 1));
        Assert.True(map.Assign(11, 1));
        Assert.False(map.Assign(11, 1));
        Assert.Equal(new Dictionary<uint, ulong> { [10] = 1, [11] = 1 }, map.Users);
    }

    [Fact]
    public void Source_may_pass_to_another_user()
    {
        map.Assign(10, 1);
        Assert.True(map.Assign(10, 2));
        Assert.Equal(2ul, map.Users[10]);
    }

    [Fact]
    public void Sources_outlive_their_user_for_a_while()
    {
        map.Join(1);
        map.Assign(10, 1);
        Assert.True(map.Leave(1));
        Assert.False(map.Leave(1));
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(map.Prune());
        Assert.Equal(1ul, map.Users[10]);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(map.Prune());
        Assert.Empty(map.Users);
    }

    [Fact]
    public void User_who_comes_back_keeps_the_source()
    {
        map.Assign(10, 1);
        map.Leave(1);
        map.Assign(10, 1);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(map.Prune());
        Assert.Equal(1ul, map.Users[10]);
    }

    [Fact]
    public void Hostile_numbers_of_users_and_sources_are_bounded()
    {
        for (uint i = 0; i < 10_000; i++)
        {
            map.Join(i);
            map.Assign(i, i);
        }
        Assert.Equal(SsrcMap.MaxEntries, map.Users.Count);
        Assert.Equal(SsrcMap.MaxEntries, map.Present.Count);
    }

    [Fact]
    public void Source_lingers_for_exactly_five_seconds()
    {
        map.Join(1);
        map.Assign(10, 1);
        map.Assign(11, 2);
        map.Leave(1);
        time.Advance(SsrcMap.Linger - TimeSpan.FromTicks(1));
        Assert.False(map.Prune());
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(map.Prune());
        Assert.Equal(new Dictionary<uint, ulong> { [11] = 2 }, map.Users); // who stays keeps theirs
        Assert.False(map.Prune());
    }

    [Fact]
    public void Who_is_here_without_a_source_is_known()
    {
        map.Join(1);
        map.Join(2);
        Assert.False(map.Join(2));
        map.Assign(10, 1);
        Assert.Equal([2UL], map.Unmatched());
        map.Leave(2);
        Assert.Empty(map.Unmatched());
        Assert.Equal([1UL], map.Present);
    }

    [Fact]
    public void Full_map_still_passes_a_source_on()
    {
        for (uint i = 0; i < SsrcMap.MaxEntries; i++) map.Assign(i, i + 1);
        Assert.False(map.Assign(SsrcMap.MaxEntries, 9));
        Assert.True(map.Assign(3, 9));
        Assert.Equal(9UL, map.Users[3]);
    }
}

using Pipeline.Dave.Receive;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>A long call in virtual time: joins, leaves, downgrades, loss, duplicates and reordering.</summary>
public sealed class LongCallTests(ITestOutputHelper output)
{
    private const int Speakers = 4;
    private const double Chunk = 10;

    [Fact]
    public Task Two_minutes_lose_nothing_but_what_the_network_lost() => TalkAsync(TimeSpan.FromMinutes(2));

    [Fact]
    [Trait("Category", "Soak")]
    public Task One_hour_loses_nothing_but_what_the_network_lost() => TalkAsync(TimeSpan.FromHours(1));

    private async Task TalkAsync(TimeSpan length)
    {
        Random random = new(41);
        await using TestCall call = new();
        call.Media = () => Network(random);
        // The bot hears of a commit up to a second after the others, who switch their keys at once.
        call.Downlink = (user, opcode) => TimeSpan.FromMilliseconds(user == 1 && opcode == 29 ? random.Next(1000) : 5);
        List<OurMember> members = [.. Enumerable.Range(1, Speakers).Select(user => call.Us((ulong)user))];
        OurMember bot = members[0];
        foreach (OurMember member in members) call.Join(member);
        await call.RunAsync(3);
        long settled = 0;
        for (double at = 0; at < length.TotalSeconds; at += Chunk)
        {
            Change(call, members, random);
            await call.TalkAsync(Chunk, [.. call.Present]);
            foreach (OurMember member in members) member.Forget();
            if (at < 60) settled = GC.GetTotalMemory(forceFullCollection: true);
        }
        long growth = GC.GetTotalMemory(forceFullCollection: true) - settled;
        DaveCounters sum = bot.Receiver.Counters.Select(user => user.Value).Aggregate(DaveCounters.Add);
        output.WriteLine($"{sum}, {call.Delivered} packets delivered, {call.Gateway.AcceptedCommits} epochs, memory {growth / 1024} KB");

        Assert.Equal((0, 0, 0), (sum.Undecryptable, sum.NoKey, sum.PlaintextRejected));
        Assert.True(sum.Opened > length.TotalSeconds * 40, $"{sum.Opened} opened");
        Assert.True(sum.Replayed > 0 && sum.Recovered > 0 && sum.Passthrough > 0, sum.ToString());
        Assert.True(call.Gateway.AcceptedCommits > length.TotalSeconds / 30, $"{call.Gateway.AcceptedCommits} epochs");
        Assert.Equal(0, bot.Complaints);
        Assert.True(growth < 8 * 1024 * 1024, $"memory grew by {growth} B");
    }

    // The bot stays; the others come and go, and now and then somebody who cannot encrypt drops in.
    private static void Change(TestCall call, List<OurMember> members, Random random)
    {
        OurMember moved = members[random.Next(1, members.Count)];
        int choice = random.Next(10);
        if (choice < 6 && call.Present.Contains(moved) && call.Present.Count > 2) call.Leave(moved);
        else if (choice < 8) call.Return(members);
        else Interlude(call);
    }

    private static void Interlude(TestCall call)
    {
        call.Gateway.Downgrade(call.Present.Select(member => member.UserId));
        call.Version = 0;
        call.Network.Schedule(TimeSpan.FromSeconds(4), () =>
        {
            call.Version = 1;
            call.Gateway.Upgrade(call.Present.Select(member => member.UserId));
        });
    }

    // 3 % lost, 1 % twice, a tenth overtaken by those behind it.
    private static IEnumerable<TimeSpan> Network(Random random)
    {
        if (random.Next(100) < 3) yield break;
        TimeSpan delay = TimeSpan.FromMilliseconds(random.Next(10) == 0 ? random.Next(20, 70) : 10);
        yield return delay;
        if (random.Next(100) == 0) yield return delay + TimeSpan.FromMilliseconds(random.Next(30));
    }
}

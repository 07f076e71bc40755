namespace Pipeline.Mls.Tests.Peers;

/// <summary>Our member among members on OpenMLS: every epoch must end with equal authenticators everywhere.</summary>
public sealed class DaveyPeerTests
{
    private const int MostMembers = 25;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Twenty_five_join_one_by_one_and_leave_in_random_order(bool weCreate)
    {
        Random random = new(weCreate ? 11 : 12);
        await using PeerCall call = new();
        if (weCreate) await call.BeginAsync(PeerCall.Us, 100);
        else await call.BeginAsync(100, PeerCall.Us);
        for (ulong user = 101; user < 100 + MostMembers - 1; user++)
        {
            await call.ChangeAsync([user], [], Committer(call, [], random));
        }

        Assert.Equal(MostMembers, call.Members.Count());
        while (call.Members.Count() > 2)
        {
            ulong[] others = [.. call.Members.Where(user => user != PeerCall.Us)];
            ulong leaving = others[random.Next(others.Length)];
            await call.ChangeAsync([], [leaving], Committer(call, [leaving], random));
        }

        Console.WriteLine($"note: davey: {call.Epoch} epochs agreed");
        Assert.Equal(1ul + 23 + 23, call.Epoch);
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public Task Batches_join_and_leave_at_once(int seed) => LiveAsync(seed, rounds: 14);

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData(41)]
    [InlineData(42)]
    [InlineData(43)]
    [InlineData(44)]
    public Task Batches_join_and_leave_for_a_long_time(int seed) => LiveAsync(seed, rounds: 60);

    [Fact]
    public async Task We_leave_a_full_call_and_come_back_to_another_leaf()
    {
        Random random = new(31);
        await using PeerCall call = new();
        await call.BeginAsync(PeerCall.Us, [.. Enumerable.Range(100, MostMembers - 1).Select(user => (ulong)user)]);
        Assert.Equal(0u, call.OurGroup!.OwnLeafIndex);
        await call.ChangeAsync([], [PeerCall.Us], 107);
        await call.ChangeAsync([500], [110, 111], 108);
        await call.ChangeAsync([PeerCall.Us], [], 109);
        Assert.NotEqual(0u, call.OurGroup!.OwnLeafIndex);
        await call.ChangeAsync([PeerCall.Us + 1000], [113], PeerCall.Us);
        await call.ChangeAsync([], [114], Committer(call, [114], random));
    }

    private static async Task LiveAsync(int seed, int rounds)
    {
        Random random = new(seed);
        await using PeerCall call = new();
        await call.BeginAsync(seed % 2 == 0 ? PeerCall.Us : 100, seed % 2 == 0 ? 100 : PeerCall.Us, 101, 102);
        ulong nextUser = 103;
        for (int round = 0; round < rounds; round++)
        {
            ulong[] here = [.. call.Members];
            int joins = Math.Clamp(MostMembers - 1 - here.Length, 0, random.Next(0, 7));
            ulong[] joining = [.. Enumerable.Range(0, joins).Select(_ => nextUser++)];
            ulong[] leaving = Leaving(here, random.Next(0, 5), random, ourTurn: round % 5 == 3);
            bool wasAway = !here.Contains(PeerCall.Us);
            if (wasAway) joining = [.. joining, PeerCall.Us];
            if (joining.Length + leaving.Length == 0) continue;
            await call.ChangeAsync(joining, leaving, Committer(call, leaving, random));
        }

        Console.WriteLine($"note: davey: {call.Epoch} epochs agreed, {call.Members.Count()} members at the end");
    }

    // We win every other race, so that both making and following is seen at every size of the group.
    private static ulong Committer(PeerCall call, IReadOnlyList<ulong> leaving, Random random)
    {
        ulong[] staying = [.. call.Members.Except(leaving)];
        bool ours = staying.Contains(PeerCall.Us) && random.Next(2) == 0;
        return ours ? PeerCall.Us : staying[random.Next(staying.Length)];
    }

    private static ulong[] Leaving(ulong[] here, int count, Random random, bool ourTurn)
    {
        List<ulong> others = [.. here.Where(user => user != PeerCall.Us)];
        List<ulong> leaving = ourTurn && here.Contains(PeerCall.Us) ? [PeerCall.Us] : [];
        while (count-- > 0 && others.Count > 2)
        {
            ulong user = others[random.Next(others.Count)];
            others.Remove(user);
            leaving.Add(user);
        }

        return [.. leaving];
    }
}

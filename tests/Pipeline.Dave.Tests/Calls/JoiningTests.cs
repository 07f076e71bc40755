using Pipeline.Simulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>Our member and davey's in one call: both orders, both outcomes of every race, up to 25 members.</summary>
public sealed class JoiningTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    public async Task Two_members_hear_each_other_in_either_order_and_with_any_transition_id(bool weAreFirst, int transitionId)
    {
        await using TestCall call = new(new DeliveryOptions { FirstTransitionId = transitionId });
        OurMember us = call.Us();
        DaveyMember peer = call.Peer(100);
        call.Join(weAreFirst ? us : peer);
        await call.RunAsync(1);
        call.Join(weAreFirst ? peer : us);
        await call.RunAsync(1);
        await call.AssertAgreementAsync();
        Assert.Equal((DaveState.Active, 1ul), (us.Snapshot.State, us.Snapshot.Epoch));

        List<(ulong From, string Frame)> said = await call.TalkAsync(1, us, peer);
        Assert.Equal(said.Where(one => one.From == 100), us.Heard);
        Assert.Equal(said.Where(one => one.From == 9), peer.Heard);
        Assert.Equal(us.Heard.Count, us.Count(DaveOpenResult.Opened));
        Assert.Equal((0, 0), (us.Complaints, us.Lost.Count));
    }
}

using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>The largest group that is taken, and what lies beyond.</summary>
public sealed class LargeGroupTests
{
    [Fact]
    public void A_thousand_members_fit_and_one_more_does_not()
    {
        using OwnCall call = new(1);
        List<byte[]> packages = [];
        for (ulong user = 2; user <= MlsLimits.MaxMembers; user++)
        {
            using MlsIdentity identity = MlsIdentity.Create(user);
            using KeyPackageBundle bundle = KeyPackageBundle.Create(identity);
            packages.Add(bundle.KeyPackage.ToArray());
        }

        using OwnMember last = call.Prepare(5000);
        packages[^1] = last.Begin();
        CommitResult result = call.Commit(call.Service.Proposals(packages.Select(package => DeliveryService.Add(package))));
        call.Service.Advance(Enumerable.Range(2, packages.Count).Select(user => (ulong)user), []);
        last.Join(DeliveryService.Narrow(result.Welcome!, packages[^1]), Everyone);
        Assert.Equal(MlsLimits.MaxMembers, last.Group!.Members.Count);
        Assert.Equal(call.Group(0).EpochAuthenticator.ToArray(), last.Group.EpochAuthenticator.ToArray());

        using OwnMember tooMany = call.Prepare(5001);
        QueuedProposal add = last.Group.ValidateProposal(call.Sign(DeliveryService.Add(tooMany.Begin())));
        Refused.With(MlsError.TooLarge, () => last.Group.Commit([add]));
        QueuedProposal remove = last.Group.ValidateProposal(call.Sign(DeliveryService.Remove(500)));
        using GroupState next = last.Group.Commit([remove, add]).NextState;
        Assert.Equal(MlsLimits.MaxMembers, next.Members.Count);
    }

    private static HashSet<ulong> Everyone => [.. Enumerable.Range(1, 5000).Select(user => (ulong)user)];
}

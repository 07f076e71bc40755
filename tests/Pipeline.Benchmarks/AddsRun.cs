using System.Diagnostics;
using System.Globalization;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;

namespace Pipeline.Benchmarks;

/// <summary>
/// How long the control loop of a call is busy when the gateway proposes many people in one epoch: each proposal as it comes, and the one
/// commit that covers them. Goal: never more than 250 ms at once, up to the 100 that one commit of ours takes.
/// </summary>
internal static class AddsRun
{
    private const double Goal = 250; // ms
    private const int Most = 100;
    private const int Rounds = 5;

    public static Task<int> RunAsync(string[] arguments)
    {
        int most = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : Most;
        int[] counts = [.. new[] { 1, 25, 50, most }.Where(count => count <= most).Distinct()];
        double worst = 0;
        Console.WriteLine("  adds   one proposal   the commit   (ms, medians of five)");
        foreach (int count in counts)
        {
            (double proposal, double commit) = Measure(count);
            worst = Math.Max(worst, Math.Max(proposal, commit));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,6} {proposal,14:F2} {commit,12:F1}"));
        }
        bool isMet = worst <= Goal;
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{(isMet ? "ok" : "MISSED")}: {worst:F0} ms at most, goal {Goal:F0} ms"));
        return Task.FromResult(isMet ? 0 : 1);
    }

    private static (double Proposal, double Commit) Measure(int count)
    {
        using MlsGateway gateway = new();
        using MlsIdentity creator = MlsIdentity.Create(1);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        using GroupState group = GroupState.Create(MlsGateway.GroupId, creator, leafKeys, gateway.Sender);
        List<byte[]> signed = gateway.SignedAdds(group.Epoch, 10, count);
        List<double> proposals = [], commits = [];
        for (int round = 0; round < Rounds; round++)
        {
            List<QueuedProposal> queued = [];
            long began = Stopwatch.GetTimestamp();
            foreach (byte[] add in signed) queued.Add(group.ValidateProposal(add));
            proposals.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds / count);
            began = Stopwatch.GetTimestamp();
            CommitResult made = group.Commit(queued);
            commits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            made.NextState.Dispose();
        }
        return (Median(proposals), Median(commits));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>What the workflow may do, and whose code it runs.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Workflow = File.ReadAllText(RepositoryRoot.Combine(".github", "workflows", "pipeline.yml"));

    [Fact]
    public void Every_action_is_pinned_by_commit_and_names_its_version()
    {
        string[] uses = [.. Workflow.Split('\n').Where(line => line.Contains("uses:", StringComparison.Ordinal))];
        Assert.NotEmpty(uses);
        Assert.All(uses, line => Assert.Matches(PinnedAction(), line));
    }

    [Fact]
    public void A_pull_request_gets_an_identity_that_can_only_read()
    {
        string[] jobs = [.. Job().Split(Workflow[Workflow.IndexOf("\njobs:", StringComparison.Ordinal)..])
            .Where(job => job.Contains("id-token: write", StringComparison.Ordinal))];
        Assert.Equal(2, jobs.Length);
        string preview = Assert.Single(jobs, job => job.Contains("'pull_request'", StringComparison.Ordinal));
        Assert.Contains("environment: preview", preview, StringComparison.Ordinal);
        Assert.Contains("AZURE_READER_CLIENT_ID", preview, StringComparison.Ordinal);
        Assert.DoesNotContain("vars.AZURE_CLIENT_ID", preview, StringComparison.Ordinal);
        Assert.Contains("--what-if", preview, StringComparison.Ordinal);
        string production = Assert.Single(jobs, job => job.Contains("environment: production", StringComparison.Ordinal));
        Assert.Contains("github.ref == 'refs/heads/main' && github.event_name == 'push'", production, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex PinnedAction();

    [GeneratedRegex(@"^  (?=[a-z-]+:$)", RegexOptions.Multiline)]
    private static partial Regex Job();
}

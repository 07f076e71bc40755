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

    [Fact]
    public void Nothing_may_be_written_and_no_fork_runs_with_secrets()
    {
        Assert.Contains("\npermissions: { contents: read }\n", Workflow, StringComparison.Ordinal);
        Assert.DoesNotContain("pull_request_target", Workflow, StringComparison.Ordinal);
        Assert.DoesNotContain("write-all", Workflow, StringComparison.Ordinal);
        Assert.All(Permission().Matches(Workflow).Select(match => match.Value),
            permissions => Assert.True(permissions is "{ contents: read }" or "{ contents: read, id-token: write }", permissions));
    }

    /// <summary>Who sets it up has to know whom the cloud trusts, to the letter, and who looks before production changes.</summary>
    [Fact]
    public void Subjects_and_reviewers_stand_in_the_documents()
    {
        string said = File.ReadAllText(RepositoryRoot.Combine("infra", "DEPLOY.md"))
            + File.ReadAllText(RepositoryRoot.Combine("infra", "OPERATIONS.md"));
        Assert.Contains(":environment:preview", said, StringComparison.Ordinal);
        Assert.Contains(":environment:production", said, StringComparison.Ordinal);
        Assert.Contains("reviewer", said, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"(?<=permissions: )\{[^}]*\}")]
    private static partial Regex Permission();

    [GeneratedRegex(@"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex PinnedAction();

    [GeneratedRegex(@"^  (?=[a-z-]+:$)", RegexOptions.Multiline)]
    private static partial Regex Job();
}

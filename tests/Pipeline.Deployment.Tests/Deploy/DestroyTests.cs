namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>infra/destroy.sh deletes the environment that it was told, and only when it was told so.</summary>
public sealed class DestroyTests
{
    private static readonly string[] Others = ["group rg-shop-demo shop", "group rg-pipeline-other-abc123 other", "group rg-demo demo"];

    [Theory]
    [InlineData("usage: infra/destroy.sh ENVIRONMENT --yes")]
    [InlineData("this deletes all recordings of 'demo'; add --yes if you mean it", "demo")]
    [InlineData("this deletes all recordings of 'demo'; add --yes if you mean it", "demo", "-y")]
    [InlineData("usage: infra/destroy.sh ENVIRONMENT --yes", "demo", "--yes", "other")]
    [InlineData("environment name '' must be 1-64 letters, digits or hyphens, no hyphen first", "", "--yes")]
    [InlineData("environment name '--yes' must be 1-64 letters, digits or hyphens, no hyphen first", "--yes", "demo")]
    [InlineData("no environment called 'nobody' in this subscription", "nobody", "--yes")]
    public async Task What_is_not_meant_is_refused_and_nothing_goes(string said, params string[] arguments)
    {
        using CloudStandIns machine = Subscription();
        ScriptRun run = await machine.RunAsync("destroy.sh", arguments);
        Assert.Equal((2, $"destroy: {said}\n"), (run.ExitCode, run.Errors));
        Assert.Empty(machine.Changes);
        Assert.Equal(5, machine.Resources.Length);
    }

    [Fact]
    public async Task Missing_az_and_a_missing_login_are_named()
    {
        using CloudStandIns bare = new(without: "az");
        Assert.Equal("destroy: az is missing: install the Azure CLI and start again\n",
            (await bare.RunAsync("destroy.sh", ["demo", "--yes"])).Errors);
        using CloudStandIns machine = Subscription();
        machine.LogOut();
        ScriptRun run = await machine.RunAsync("destroy.sh", ["demo", "--yes"]);
        Assert.Equal((2, "destroy: az is not logged in: run 'az login' and start again\n"), (run.ExitCode, run.Errors));
    }

    [Fact]
    public async Task Group_of_the_environment_goes_and_no_other_one()
    {
        using CloudStandIns machine = Subscription();
        ScriptRun run = await machine.RunAsync("destroy.sh", ["demo", "--yes"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(["az group delete --name rg-pipeline-demo-abc123 --yes"], machine.Changes);
        Assert.Equal(Others, machine.Resources);
        Assert.Contains("deleted rg-pipeline-demo-abc123", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Groups of other environments, of another product with the same environment's name, and ours.</summary>
    private static CloudStandIns Subscription()
    {
        CloudStandIns machine = new();
        foreach (string group in Others) machine.Add(group);
        machine.Add("group rg-pipeline-demo-abc123 demo");
        machine.Add("functionapp rg-pipeline-demo-abc123 func-pipeline-abc120");
        return machine;
    }
}

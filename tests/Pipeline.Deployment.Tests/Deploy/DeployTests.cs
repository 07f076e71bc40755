namespace Pipeline.Deployment.Tests.Deploy;

/// <summary>infra/deploy.sh, call by call, on a machine whose az and azd are stand-ins.</summary>
public sealed class DeployTests
{
    private const string Group = "rg-pipeline-demo-abc123";
    private const string ApiLine = "recording API: https://func-pipeline-abc120.azurewebsites.net";

    private static readonly (string, string) Token = ("DISCORD_TOKEN", "token.of.the.application");

    [Theory]
    [InlineData("usage: infra/deploy.sh ENVIRONMENT LOCATION [--what-if]")]
    [InlineData("usage: infra/deploy.sh ENVIRONMENT LOCATION [--what-if]", "demo")]
    [InlineData("usage: infra/deploy.sh ENVIRONMENT LOCATION [--what-if]", "demo", "westeurope", "--what-if", "more")]
    [InlineData("unknown argument '--whatif'; known: --what-if", "demo", "westeurope", "--whatif")]
    [InlineData("environment name '' must be 1-64 letters, digits or hyphens, no hyphen first", "", "westeurope")]
    [InlineData("environment name 'my demo' must be 1-64 letters, digits or hyphens, no hyphen first", "my demo", "westeurope")]
    [InlineData("environment name '--what-if' must be 1-64 letters, digits or hyphens, no hyphen first", "--what-if", "demo")]
    [InlineData("location '--what-if' must be the name of a region, for example westeurope", "demo", "--what-if")]
    [InlineData("location 'West Europe' must be the name of a region, for example westeurope", "demo", "West Europe")]
    [InlineData("environment name '../demo' must be 1-64 letters, digits or hyphens, no hyphen first", "../demo", "westeurope")]
    public async Task Wrong_argument_is_refused_before_anything_is_asked(string said, params string[] arguments)
    {
        using CloudStandIns machine = new();
        ScriptRun run = await machine.RunAsync("deploy.sh", arguments, Token);
        Assert.Equal((2, $"deploy: {said}\n"), (run.ExitCode, run.Errors));
        Assert.Empty(machine.Calls);
    }

    [Theory]
    [InlineData("PIPELINE_BOT_HOST", "vm", "it must be containerApp or containerInstance")]
    [InlineData("PIPELINE_BOT_SHARDS", "0", "it must be 1-64")]
    [InlineData("PIPELINE_BOT_SHARDS", "65", "it must be 1-64")]
    [InlineData("PIPELINE_BOT_SHARDS", "two", "it must be 1-64")]
    [InlineData("PIPELINE_FIRST_SHARD", "-1", "it must be 0-65535")]
    [InlineData("PIPELINE_FIRST_SHARD", "65536", "it must be 0-65535")]
    [InlineData("PIPELINE_FIRST_SHARD", "010", "it must be 0-65535")]
    [InlineData("PIPELINE_TOTAL_SHARDS", "65537", "it must be 0-65536")]
    [InlineData("PIPELINE_CELLS", "0", "it must be 1-8")]
    [InlineData("PIPELINE_CELLS", "9", "it must be 1-8")]
    [InlineData("PIPELINE_DOCTOR_CHANNEL", "general", "it must be the id of a voice channel, digits only")]
    [InlineData("PIPELINE_BOT_SHARDS", "3", "it must be a multiple of PIPELINE_CELLS, which is '2'", "PIPELINE_CELLS=2")]
    public async Task Wrong_variable_is_refused_with_its_name_value_and_range(string name, string value, string range,
        params string[] others)
    {
        using CloudStandIns machine = new();
        foreach (string[] mode in new[] { Array.Empty<string>(), ["--what-if"] })
        {
            ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope", .. mode],
                [Token, (name, value), .. others.Select(other => (other.Split('=')[0], other.Split('=')[1]))]);
            Assert.Equal((2, $"deploy: {name} is '{value}'; {range}\n"), (run.ExitCode, run.Errors));
            Assert.Empty(machine.Changes);
        }
    }

    [Theory]
    [InlineData("az", "az is missing: install the Azure CLI and start again")]
    [InlineData("azd", "azd is missing: install it and start again")]
    [InlineData("dotnet", "dotnet is missing: install it and start again")]
    public async Task Missing_tool_is_named_before_anything_changes(string tool, string said)
    {
        using CloudStandIns machine = new(without: tool);
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope"], Token, ("PIPELINE_CELLS", "2"),
            ("PIPELINE_BOT_SHARDS", "2"));
        Assert.Equal((2, $"deploy: {said}\n"), (run.ExitCode, run.Errors));
        Assert.Empty(machine.Changes);
    }

    [Theory]
    [InlineData]
    [InlineData("--what-if")]
    public async Task Account_that_is_not_logged_in_is_told_how(params string[] mode)
    {
        using CloudStandIns machine = new();
        machine.LogOut();
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope", .. mode], Token);
        Assert.Equal((2, "deploy: az is not logged in: run 'az login' and start again\n"), (run.ExitCode, run.Errors));
        Assert.Equal(["az account show"], machine.Calls);
    }

    [Fact]
    public async Task What_if_needs_no_azd_and_touches_nothing()
    {
        using CloudStandIns machine = new("azd", "dotnet");
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope", "--what-if"], ("PIPELINE_BOT_SHARDS", "3"));
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(["az account show",
            "az deployment sub what-if --location westeurope --template-file bicep/main.bicep --parameters bicep/main.bicepparam "
            + "--validation-level ProviderNoRbac"], machine.Calls);
        Assert.Equal(("demo", "westeurope", "3"),
            (machine.WhatIf()["AZURE_ENV_NAME"], machine.WhatIf()["AZURE_LOCATION"], machine.WhatIf()["PIPELINE_BOT_SHARDS"]));
        Assert.DoesNotContain("PIPELINE_CELLS", machine.WhatIf().Keys); // set but empty would not be the default
    }

    [Fact]
    public async Task What_if_shows_what_the_next_deployment_would_do_with_the_choices_kept()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token, ("PIPELINE_BOT_SHARDS", "4"), ("PIPELINE_CELLS", "2"),
            ("PIPELINE_ALERT_EMAIL", "ops@example.net"));
        machine.Forget();
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope", "--what-if"], ("PIPELINE_BOT_SHARDS", "6"));
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(machine.Changes);
        Assert.Single(machine.Calls, call => call.StartsWith("az deployment sub what-if", StringComparison.Ordinal));
        IReadOnlyDictionary<string, string> compared = machine.WhatIf();
        Assert.Equal(("6", "2", "ops@example.net"),
            (compared["PIPELINE_BOT_SHARDS"], compared["PIPELINE_CELLS"], compared["PIPELINE_ALERT_EMAIL"]));
        Assert.Equal(machine.Values("demo")["SERVICE_BOT_IMAGE_NAME"], compared["SERVICE_BOT_IMAGE_NAME"]);
    }

    [Fact]
    public async Task First_deployment_without_token_is_refused_and_makes_nothing()
    {
        using CloudStandIns machine = new();
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope"]);
        Assert.Equal((2,
            "deploy: the first deployment of 'demo' needs DISCORD_TOKEN: copy it from the Bot page of your application and start again\n"),
            (run.ExitCode, run.Errors));
        Assert.Empty(machine.Changes);
    }

    [Fact]
    public async Task First_deployment_goes_up_gives_every_shard_the_image_and_starts_the_doctor()
    {
        using CloudStandIns machine = new();
        ScriptRun run = await DeployAsync(machine, Token, ("PIPELINE_DOCTOR_CHANNEL", "123456789"));
        Assert.Equal(
            [
                "azd env new demo --location westeurope --subscription 00000000-0000-0000-0000-000000000001 (token)",
                "azd env set SERVICE_BOT_IMAGE_NAME  (token)",
                "azd up --no-prompt (token)",
                "azd provision --no-prompt (token)",
                $"az containerapp job start --resource-group {Group} --name caj-doctor-abc123",
            ],
            machine.Changes);
        Assert.Contains("the doctor runs as caj-doctor-abc123", run.Output, StringComparison.Ordinal);
        Assert.EndsWith($"{ApiLine}\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("123456789", machine.Values("demo").Values); // one deployment's choice
    }

    [Fact]
    public async Task Second_deployment_needs_no_token_and_keeps_the_choices()
    {
        using CloudStandIns machine = new();
        (string Name, string Value)[] choices =
        [
            ("PIPELINE_BOT_HOST", "containerApp"), ("PIPELINE_BOT_SHARDS", "2"), ("PIPELINE_FIRST_SHARD", "4"),
                ("PIPELINE_TOTAL_SHARDS", "16"), ("PIPELINE_CELLS", "1"),
            ("PIPELINE_ALERT_EMAIL", "ops@example.net"), ("DISCORD_GUILD_ID", "42"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.net:4317"), ("PUBLIC_BASE_URL", "https://rec.example.net"),
        ];
        await DeployAsync(machine, [Token, .. choices]);
        machine.Forget();
        ScriptRun run = await DeployAsync(machine);
        Assert.EndsWith($"{ApiLine}\n", run.Output, StringComparison.Ordinal);
        Assert.All(choices, choice => Assert.Equal(choice.Value, machine.Values("demo")[choice.Name]));
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("azd env new", StringComparison.Ordinal));
        Assert.DoesNotContain(machine.Calls, call => call.Contains(" delete ", StringComparison.Ordinal));
        string[] order = ["azd env select demo", "azd up --no-prompt", "azd provision --no-prompt",
            $"az containerapp job start --resource-group {Group} --name caj-doctor-abc123"];
        Assert.Equal(order, machine.Calls.Where(order.Contains));
    }

    [Theory]
    [InlineData("containerApp")]
    [InlineData("containerInstance")]
    public async Task Another_machine_goes_on_with_what_was_chosen_and_with_the_image_that_runs(string host)
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token, ("PIPELINE_BOT_HOST", host), ("PIPELINE_BOT_SHARDS", "4"), ("PIPELINE_CELLS", "2"),
            ("PIPELINE_ALERT_EMAIL", "ops@example.net"));
        await DeployAsync(machine); // whose last provisioning knows the image
        int before = machine.Images.Length;
        machine.BecomeAnother();
        await DeployAsync(machine, ("DISCORD_GUILD_ID", "42"));
        IReadOnlyDictionary<string, string> values = machine.Values("demo");
        Assert.Equal((host, "4", "2", "ops@example.net", "42"),
            (values["PIPELINE_BOT_HOST"], values["PIPELINE_BOT_SHARDS"], values["PIPELINE_CELLS"], values["PIPELINE_ALERT_EMAIL"],
            values["DISCORD_GUILD_ID"]));
        // never the stand-in over the running bot
        Assert.All(machine.Images[before..], image => Assert.StartsWith("crabc123.azurecr.io/", image, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_another_machine_chose_since_is_not_taken_back()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token, ("PIPELINE_BOT_SHARDS", "2"));
        machine.DeployElsewhere("demo", "PIPELINE_BOT_SHARDS", "8");
        await DeployAsync(machine);
        Assert.Equal("8", machine.Values("demo")["PIPELINE_BOT_SHARDS"]);
    }

    [Fact]
    public async Task Another_machine_deploys_nothing_where_the_last_deployment_cannot_be_read()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token, ("PIPELINE_BOT_SHARDS", "2"));
        machine.LoseDeployment("demo");
        ScriptRun here = await DeployAsync(machine);
        Assert.Contains("the last deployment of 'demo' cannot be read; going on with what this machine knows of it", here.Errors,
            StringComparison.Ordinal);
        machine.LoseDeployment("demo");
        machine.BecomeAnother();
        machine.Forget();
        for (int attempt = 0; attempt < 2; attempt++)
        {
            ScriptRun there = await machine.RunAsync("deploy.sh", ["demo", "westeurope"], Token);
            Assert.Equal(2, there.ExitCode);
            Assert.Contains($"'demo' exists as {Group}, but its last deployment cannot be read", there.Errors, StringComparison.Ordinal);
        }
        Assert.StartsWith("azd env new demo ", Assert.Single(machine.Changes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_deployment_that_broke_off_is_tried_again_with_the_token()
    {
        using CloudStandIns machine = new();
        machine.BreakOff(true);
        Assert.Equal(1, (await machine.RunAsync("deploy.sh", ["demo", "westeurope"], Token)).ExitCode);
        Assert.Contains($"group {Group} demo", machine.Resources);
        machine.BreakOff(false);
        ScriptRun refused = await machine.RunAsync("deploy.sh", ["demo", "westeurope"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("needs DISCORD_TOKEN", refused.Errors, StringComparison.Ordinal);
        Assert.EndsWith($"{ApiLine}\n", (await DeployAsync(machine, Token)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("containerApp", "1")]
    [InlineData("containerApp", "2")]
    [InlineData("containerInstance", "2")]
    public async Task Functions_app_that_gives_no_key_before_it_has_a_package_gets_one_and_the_deployment_goes_on(string host, string cells)
    {
        using CloudStandIns machine = new();
        machine.LetKeysNeedPackages();
        ScriptRun run = await DeployAsync(machine, Token, ("PIPELINE_BOT_HOST", host), ("PIPELINE_CELLS", cells),
            ("PIPELINE_BOT_SHARDS", "2"));
        Assert.Contains("publishing the functions", run.Errors, StringComparison.Ordinal);
        Assert.EndsWith($"{ApiLine}\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(int.Parse(cells, System.Globalization.CultureInfo.InvariantCulture), machine.Packages.Count);
    }

    [Fact]
    public async Task Choice_is_held_against_those_that_were_kept()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token, ("PIPELINE_BOT_SHARDS", "4"), ("PIPELINE_CELLS", "2"));
        machine.Forget();
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope"], ("PIPELINE_BOT_SHARDS", "3"));
        Assert.Equal((2, "deploy: PIPELINE_BOT_SHARDS is '3'; it must be a multiple of PIPELINE_CELLS, which is '2'\n"),
            (run.ExitCode, run.Errors));
        Assert.Empty(machine.Changes);
        Assert.Equal("4", machine.Values("demo")["PIPELINE_BOT_SHARDS"]);
    }

    [Fact]
    public async Task Environment_that_was_destroyed_needs_the_token_again()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token);
        Assert.Equal(0, (await machine.RunAsync("destroy.sh", ["demo", "--yes"])).ExitCode);
        machine.Forget();
        ScriptRun refused = await machine.RunAsync("deploy.sh", ["demo", "westeurope"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("needs DISCORD_TOKEN", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(machine.Changes);
        ScriptRun early = await machine.RunAsync("deploy.sh", ["demo", "westeurope"], Token);
        Assert.Equal((2, "deploy: 'demo' was destroyed, and the name of its vault is kept until 2026-12-07T10:00:00+00:00: start again "
            + "after that, or choose another name\n"), (early.ExitCode, early.Errors));
        Assert.Empty(machine.Changes);
        machine.ForgetVaults();
        await DeployAsync(machine, Token);
        Assert.Equal("none", machine.Images[^2]); // what the deleted registry held is not asked for
    }

    [Theory]
    [InlineData]
    [InlineData("--what-if")]
    public async Task Environment_is_not_made_a_second_time_in_another_region(params string[] mode)
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token);
        machine.Forget();
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "northeurope", .. mode], Token);
        Assert.Equal((2, "deploy: 'demo' lies in westeurope, not in northeurope: start again with westeurope, or choose another name for "
            + "an environment in northeurope\n"), (run.ExitCode, run.Errors));
        Assert.Empty(machine.Changes);
        Assert.Equal(0, (await machine.RunAsync("deploy.sh", ["demo", "WestEurope"], Token)).ExitCode);
    }

    [Fact]
    public async Task Change_of_platform_removes_what_ran_on_the_other_one()
    {
        using CloudStandIns machine = new();
        await DeployAsync(machine, Token);
        machine.Forget();
        ScriptRun there = await DeployAsync(machine, ("PIPELINE_BOT_HOST", "containerInstance"));
        string build = Assert.Single(machine.Calls, call =>
            call.StartsWith("az acr build --registry crabc123 --image pipeline-bot:", StringComparison.Ordinal));
        string image = Assert.Single(machine.Calls, call =>
            call.StartsWith("azd env set SERVICE_BOT_IMAGE_NAME crabc123.azurecr.io/pipeline-bot:", StringComparison.Ordinal));
        string[] order =
        [
            "azd provision --no-prompt", "azd deploy functions --no-prompt", build, image,
            $"az containerapp delete --resource-group {Group} --name ca-bot-0-abc123 --yes", "azd provision --no-prompt",
        ];
        Assert.Equal(order, machine.Changes.Where(order.Contains));
        Assert.EndsWith("--file infra/Dockerfile .", build, StringComparison.Ordinal);
        Assert.Equal([".editorconfig", "BannedSymbols.txt", "Directory.Build.props", "Directory.Packages.props", "NuGet.config", "bot",
            "global.json", "infra", "shared"],
            machine.Context.Select(file => file.Split('/')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["infra/Dockerfile"], machine.Context.Where(file => file.StartsWith("infra/", StringComparison.Ordinal)));
        Assert.Contains("bot/Pipeline.Bot/Pipeline.Bot.csproj", machine.Context);
        Assert.DoesNotContain(machine.Context, file => file.Contains("/obj/", StringComparison.Ordinal)
            || file.Contains("/bin/", StringComparison.Ordinal));
        Assert.DoesNotContain(machine.Calls, call =>
            call.StartsWith("azd up", StringComparison.Ordinal) || call.Contains(" job start ", StringComparison.Ordinal));
        Assert.EndsWith($"{ApiLine}\n", there.Output, StringComparison.Ordinal);
        Assert.Equal(["container"], BotsOf(machine));

        machine.Forget();
        await DeployAsync(machine); // stays there
        Assert.Equal(["container"], BotsOf(machine));
        Assert.DoesNotContain(machine.Calls, call => call.Contains(" delete ", StringComparison.Ordinal));

        machine.Forget();
        await DeployAsync(machine, ("PIPELINE_BOT_HOST", "containerApp"));
        string[] back = [$"az container delete --resource-group {Group} --name ci-bot-0-abc123 --yes", "azd up --no-prompt",
            "azd provision --no-prompt"];
        Assert.Equal(back, machine.Changes.Where(back.Contains));
        Assert.Equal(["containerapp"], BotsOf(machine));
    }

    [Fact]
    public async Task Second_cell_gets_the_package_that_azd_does_not_send_there()
    {
        using CloudStandIns machine = new();
        ScriptRun run = await DeployAsync(machine, Token, ("PIPELINE_CELLS", "2"), ("PIPELINE_BOT_SHARDS", "2"));
        Assert.Single(machine.Calls, call =>
            call.StartsWith("dotnet publish ../functions/Pipeline.Functions -c Release ", StringComparison.Ordinal));
        (string app, string file) = Assert.Single(machine.Packages);
        Assert.Equal("func-pipeline-abc121", app);
        Assert.Equal("the package of ../functions/Pipeline.Functions\n",
            await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.EndsWith($"{ApiLine}\n", run.Output, StringComparison.Ordinal);

        machine.Forget();
        await DeployAsync(machine); // kept: the other cell is not forgotten
        Assert.Single(machine.Calls, call =>
            call.Contains("config-zip", StringComparison.Ordinal)
            && call.Contains("--name func-pipeline-abc121", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stand_in_refuses_what_the_real_one_does_not_know()
    {
        using CloudStandIns machine = new();
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
            machine.RunAsync(Path.Combine("..", "tests", "Pipeline.Deployment.Tests", "Deploy", "stand-ins", "az"),
            ["group", "vanish", "--name", "demo"]));
    }

    private static async Task<ScriptRun> DeployAsync(CloudStandIns machine, params (string, string)[] environment)
    {
        ScriptRun run = await machine.RunAsync("deploy.sh", ["demo", "westeurope"], environment);
        Assert.True(run.ExitCode == 0, $"{run.ExitCode}: {run.Errors}\n{run.Output}\n{string.Join('\n', machine.Calls)}");
        return run;
    }

    private static string[] BotsOf(CloudStandIns machine) =>
        [.. machine.Resources.Where(line => line.Contains("-bot-", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])];
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>The bot as the templates and images run it.</summary>
public sealed partial class BotTemplateTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    [Fact]
    public void Bot_runs_once_per_shard_with_time_to_drain()
    {
        JsonNode app = Assert.Single(template.OfType("Microsoft.App/containerApps"))["properties"]!;
        Assert.Equal(600, (int)app["template"]!["terminationGracePeriodSeconds"]!);
        Assert.Equal((1, 1), ((int)app["template"]!["scale"]!["minReplicas"]!, (int)app["template"]!["scale"]!["maxReplicas"]!));
        Assert.Equal("Single", (string?)app["configuration"]!["activeRevisionsMode"]);
        Assert.Null(app["configuration"]!["ingress"]);
    }

    /// <summary>Container Apps refuses probes outside of these numbers; the compiler knows nothing of them.</summary>
    [Fact]
    public void Probes_ask_what_the_bot_answers_as_often_as_the_platform_allows()
    {
        Dictionary<string,
            JsonNode> probes = template.VariableOf("Microsoft.App/containerApps", "botProbes")!.AsArray()
            .ToDictionary(probe => (string)probe!["type"]!, probe => probe!);
        Assert.Equal(["Liveness", "Readiness", "Startup"], probes.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["/healthz", "/readyz", "/healthz"],
            new[] { "Liveness", "Readiness", "Startup" }.Select(type => (string?)probes[type]["httpGet"]!["path"]));
        Assert.All(probes.Values, probe =>
        {
            Assert.Equal(8080, (int)probe["httpGet"]!["port"]!);
            Assert.InRange((int?)probe["failureThreshold"] ?? 3, 1, 10);
            Assert.InRange((int?)probe["periodSeconds"] ?? 10, 1, 240);
        });
    }

    /// <summary>
    /// A revision whose probes fail is not provisioned; the deployment waits for it, gives up, and never comes to publishing the bot.
    /// </summary>
    [Fact]
    public void Stand_in_of_the_first_deployment_is_not_probed()
    {
        JsonNode container = Assert.Single(template.OfType("Microsoft.App/containerApps"))["properties"]!["template"]!["containers"]![0]!;
        Assert.Equal("[if(empty(parameters('image')), createArray(), variables('botProbes'))]", (string?)container["probes"]);
        Assert.Contains("empty(parameters('image'))", (string?)template.VariableOf("Microsoft.App/containerApps", "runningImage"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_come_from_the_vault()
    {
        JsonNode app = Assert.Single(template.OfType("Microsoft.App/containerApps"))["properties"]!;
        JsonArray secrets = app["configuration"]!["secrets"]!.AsArray();
        Assert.Equal(2, secrets.Count);
        Assert.Contains(secrets, secret =>
            secret is JsonObject key && (string?)key["name"] == "recording-api-key" && key["keyVaultUrl"] is not null
            && key["identity"] is not null);
        string module = template.ModuleOf("Microsoft.App/containerApps");
        Assert.Contains("\"name\":\"discord-token\",\"keyVaultUrl\"", module, StringComparison.Ordinal);
        Assert.Contains("'DISCORD_TOKEN', 'secretRef', 'discord-token'", module, StringComparison.Ordinal);

        string group = template.ModuleOf("Microsoft.ContainerInstance/containerGroups");
        Assert.Contains("'DISCORD_TOKEN', 'secureValue'", group, StringComparison.Ordinal);
        Assert.Contains("'RecordingApi__ApiKey', 'secureValue'", group, StringComparison.Ordinal);
        // Without this a module cannot be given a secret of the vault.
        Assert.True((bool)Assert.Single(template.OfType("Microsoft.KeyVault/vaults"))["properties"]!["enabledForTemplateDeployment"]!);
    }

    [Fact]
    public void Container_instances_are_the_alternative()
    {
        JsonObject group = Assert.Single(template.OfType("Microsoft.ContainerInstance/containerGroups"));
        JsonNode bot = group["properties"]!["containers"]![0]!["properties"]!;
        Assert.Equal(("Linux", "Always"), ((string?)group["properties"]!["osType"], (string?)group["properties"]!["restartPolicy"]));
        Assert.Equal(["/app/Pipeline.Bot", "run"], bot["command"]!.AsArray().Select(part => (string?)part));
        Assert.Equal(("/healthz", 8080),
            ((string?)bot["livenessProbe"]!["httpGet"]!["path"], (int)bot["livenessProbe"]!["httpGet"]!["port"]!));
        JsonNode hosts = template.Root["parameters"]!["botHost"]!["allowedValues"]!;
        Assert.Equal(["containerApp", "containerInstance"], hosts.AsArray().Select(host => (string?)host));
    }

    [Fact]
    public void Doctor_is_a_job_in_the_bot_s_own_place()
    {
        JsonNode doctor = Assert.Single(template.OfType("Microsoft.App/jobs"))["properties"]!;
        JsonNode container = doctor["template"]!["containers"]![0]!;
        JsonNode bot = Assert.Single(template.OfType("Microsoft.App/containerApps"))["properties"]!["template"]!["containers"]![0]!;
        Assert.Contains("createArray('doctor', '--channel', parameters('doctorChannelId'))", (string?)container["args"],
            StringComparison.Ordinal);
        Assert.Equal((string?)bot["image"], (string?)container["image"]);
        Assert.Contains("commonEnvironment", (string?)container["env"], StringComparison.Ordinal);
        Assert.Equal((string?)doctor["environmentId"],
            (string?)Assert.Single(template.OfType("Microsoft.App/containerApps"))["properties"]!["environmentId"]);
    }

    [Theory]
    [InlineData("Microsoft.App/containerApps")]
    [InlineData("Microsoft.App/jobs")]
    [InlineData("Microsoft.ContainerInstance/containerGroups")]
    public void Spool_is_a_volume_that_the_bot_may_write(string type)
    {
        JsonNode properties = Assert.Single(template.OfType(type))["properties"]!;
        JsonNode pod = properties["template"] ?? properties;
        JsonNode container = pod["containers"]![0]!;
        JsonNode mount = Assert.Single((container["volumeMounts"] ?? container["properties"]!["volumeMounts"])!.AsArray())!;
        Assert.Equal("/spool", (string?)mount["mountPath"]);
        JsonNode volume = Assert.Single(pod["volumes"]!.AsArray())!;
        Assert.Equal("spool", (string?)volume["name"]);
        Assert.True((string?)volume["storageType"] == "EmptyDir" || volume["emptyDir"] is not null);
        Assert.Matches("RECORDING_SPOOL_FOLDER['\"], ?['\"]value['\"][,:] ?['\"]/spool", template.ModuleOf(type));
    }

    /// <summary>Half a core comes with 2 GiB of disk; a replica that takes more is evicted with its spool.</summary>
    [Fact]
    public void Spool_s_limit_leaves_room_on_a_container_app_s_disk()
    {
        int limit = int.Parse(SpoolLimit().Match(template.ModuleOf("Microsoft.App/containerApps")).Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(limit, 512, 1792);
    }

    /// <summary>(id >> 22) mod shards mod cells is (id >> 22) mod cells, so that neither bot nor functions look anything up.</summary>
    [Fact]
    public void Server_keeps_to_one_cell_whatever_shard_serves_it()
    {
        Random random = new(17);
        for (int cells = 1; cells <= 8; cells++)
        {
            for (int shards = cells; shards <= 64; shards += cells)
            {
                ulong guild = (ulong)random.NextInt64() << 8;
                Assert.Equal((guild >> 22) % (ulong)cells, (ulong)Discord.Gateway.ShardRange.ShardOf(guild, shards) % (ulong)cells);
            }
        }
        foreach (string type in new[] { "Microsoft.App/containerApps", "Microsoft.ContainerInstance/containerGroups" })
        {
            string caller = type == "Microsoft.App/containerApps" ? template.ModuleOf(type) : template.Root.ToJsonString();
            Assert.Matches(
                @"mod\(add\(parameters\('settings'\)\.firstShard, range\(0, parameters\('shards'\)\)\[copyIndex\(\)\]\), length\(",
                CompiledTemplate.Plain(caller));
        }
    }

    [Fact]
    public void Image_without_an_engine_is_the_dockerfile_s()
    {
        string dockerfile = File.ReadAllText(RepositoryRoot.Combine("infra", "Dockerfile"));
        XDocument project = XDocument.Load(RepositoryRoot.Combine("bot", "Pipeline.Bot", "Pipeline.Bot.csproj"));
        (string, string)[] set = [.. project.Descendants("ContainerEnvironmentVariable")
            .Select(variable => ((string)variable.Attribute("Include")!, (string)variable.Attribute("Value")!))];
        (string, string)[] expected = [.. EnvironmentOf(dockerfile)];
        Assert.Equal(expected.Order(), set.Order());
        Assert.Equal("run", (string?)Assert.Single(project.Descendants("ContainerDefaultArgs")).Attribute("Include"));
        Assert.Contains("CMD [\"run\"]", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"FROM {project.Descendants("ContainerBaseImage").Single().Value}\n", dockerfile, StringComparison.Ordinal);
        Assert.Contains("USER $APP_UID", dockerfile, StringComparison.Ordinal);
        Assert.Contains("libopus0", dockerfile, StringComparison.Ordinal);
    }

    private static IEnumerable<(string, string)> EnvironmentOf(string dockerfile) =>
        from line in dockerfile.Split('\n')
        where line.StartsWith("ENV ", StringComparison.Ordinal)
        from pair in line[4..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select (pair[..pair.IndexOf('=', StringComparison.Ordinal)], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    [GeneratedRegex(@"RECORDING_SPOOL_LIMIT_MB\W+value\W+(\d+)")]
    private static partial Regex SpoolLimit();
}

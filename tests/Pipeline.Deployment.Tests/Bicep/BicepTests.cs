using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Delivery.Invocations;
using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>What the deployment promises, read from the compiled JSON: the compiler checks names, not values.</summary>
public sealed partial class BicepTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    private const string BlobDataOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
    private const string BlobDataContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    private const string QueueDataContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";
    private const string QueueDataMessageSender = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a";
    private const string TableDataContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";
    private const string MonitoringMetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";
    private const string AcrPull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
    private const string KeyVaultSecretsUser = "4633458b-17de-408a-b874-0445c86b69e6";

    [Theory]
    [InlineData("lint", "main.bicep")]
    [InlineData("build-params", "main.bicepparam", "--stdout")]
    public void Bicep_has_nothing_to_say(string command, string file, params string[] more)
    {
        (int exitCode, string errors, string output) = CompiledTemplate.Run([command, RepositoryRoot.Combine("bicep", file), .. more]);
        Assert.Equal(0, exitCode);
        Assert.True(errors.Length == 0, errors);
        Assert.DoesNotContain("Warning", command == "lint" ? output : "", StringComparison.Ordinal);
    }

    /// <summary>
    /// "azd env refresh" carries a choice to the next machine only under the name that main.bicepparam reads, and deploy.sh keeps only what
    /// it names.
    /// </summary>
    [Fact]
    public void Every_choice_comes_back_as_an_output_under_the_name_it_was_made()
    {
        string[] notKept = ["AZURE_ENV_NAME", "DISCORD_TOKEN", "PIPELINE_DOCTOR_CHANNEL"];
        string parameters = File.ReadAllText(RepositoryRoot.Combine("bicep", "main.bicepparam"));
        Dictionary<string,
            string> choices = VariableOfParameter().Matches(parameters).Where(match => !notKept.Contains(match.Groups[2].Value))
            .ToDictionary(match => match.Groups[2].Value, match => match.Groups[1].Value);
        Assert.Equal(11, choices.Count);
        Assert.All(choices, choice =>
            Assert.Equal($"[parameters('{choice.Value}')]", (string?)template.Root["outputs"]![choice.Key]?["value"]));
        string script = File.ReadAllText(RepositoryRoot.Combine("infra", "deploy.sh"));
        string[] kept = script.Split("choices=\"", 2)[1].Split('"')[0].Split(' ');
        // the location is an argument, the image is azd's
        Assert.Equal(choices.Keys.Except(["AZURE_LOCATION", "SERVICE_BOT_IMAGE_NAME"]).Order(StringComparer.Ordinal),
            kept.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Storage_takes_no_shared_key_and_shows_nothing_in_public()
    {
        JsonNode account = Assert.Single(template.OfType("Microsoft.Storage/storageAccounts"))["properties"]!;
        Assert.False((bool)account["allowSharedKeyAccess"]!);
        Assert.False((bool)account["allowBlobPublicAccess"]!);
        Assert.True((bool)account["defaultToOAuthAuthentication"]!);
        Assert.True((bool)account["supportsHttpsTrafficOnly"]!);
        Assert.Equal("TLS1_2", (string?)account["minimumTlsVersion"]);
        Assert.All(template.OfType("Microsoft.Storage/storageAccounts/blobServices/containers"), container =>
            Assert.Equal("None", (string?)container["properties"]!["publicAccess"]));
    }

    [Fact]
    public void Containers_and_queues_have_the_names_that_the_code_uses()
    {
        string[] containers = [.. template.OfType("Microsoft.Storage/storageAccounts/blobServices/containers").Select(LastNamePart)];
        Assert.Equal(new[] { StorageNames.RecordingsContainer, StorageNames.RendersContainer, StorageNames.TempContainer,
            "functions-package" }.Order(), containers.Order());
        JsonObject storage = TemplateThatHolds("queueNames");
        string[] queues = [.. storage["variables"]!["queueNames"]!.AsArray().Select(name => (string)name!)];
        Assert.Equal(FunctionTable.Queues.Values.Order(), queues.Order());
        string[] tables = [.. storage["variables"]!["tableNames"]!.AsArray().Select(name => (string)name!)];
        Assert.Equal([StorageNames.LedgerTable, StorageNames.CatalogueTable, StorageNames.SettingsTable, StorageNames.ReportsTable,
            StorageNames.EventsTable, StorageNames.WebhooksTable, StorageNames.RendersTable, StorageNames.TranscriptsTable], tables);
        Assert.Contains("tableNames",
            Assert.Single(template.OfType("Microsoft.Storage/storageAccounts/tableServices/tables"))["name"]!.ToString(),
            StringComparison.Ordinal);
        Assert.Contains($"{{0}}{StorageNames.PoisonSuffix}", storage["variables"]!["poisonQueueNames"]!.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Forgotten_blobs_go_and_recordings_can_be_kept()
    {
        JsonNode rule = Assert.Single(
            Assert.Single(template.OfType(
            "Microsoft.Storage/storageAccounts/managementPolicies"))["properties"]!["policy"]!["rules"]!.AsArray())!["definition"]!;
        Assert.Equal([$"[format('{{0}}/', '{StorageNames.TempContainer}')]"],
            rule["filters"]!["prefixMatch"]!.AsArray().Select(prefix => (string?)prefix));
        Assert.Equal("[parameters('tempRetentionDays')]",
            (string?)rule["actions"]!["baseBlob"]!["delete"]!["daysAfterCreationGreaterThan"]);
        JsonNode blobs = Assert.Single(template.OfType("Microsoft.Storage/storageAccounts/blobServices"))["properties"]!;
        Assert.Contains("recordingsSoftDeleteDays", blobs["deleteRetentionPolicy"]!.ToString(), StringComparison.Ordinal);
        Assert.False((bool)blobs["isVersioningEnabled"]!);
        JsonObject immutable = Assert.Single(
            template.OfType("Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"));
        Assert.Contains($"'{StorageNames.RecordingsContainer}'", (string?)immutable["name"], StringComparison.Ordinal);
        Assert.Equal("[greater(parameters('recordingsImmutableDays'), 0)]", (string?)immutable["condition"]);
    }

    [Fact]
    public void Roles_are_these_and_no_others()
    {
        (string Role, string Scope)[] expected =
        [
            (BlobDataContributor, "containers"), (QueueDataMessageSender, "queues"), (QueueDataMessageSender, "queues"),
                (QueueDataMessageSender, "queues"),
            (BlobDataOwner, "storageAccounts"), (QueueDataContributor, "storageAccounts"), (TableDataContributor, "storageAccounts"),
            (MonitoringMetricsPublisher, "components"), (AcrPull, "registries"), (KeyVaultSecretsUser, "vaults"),
            (KeyVaultSecretsUser, "secrets"),
        ];
        (string Role, string Scope)[] found = [.. template.OfType("Microsoft.Authorization/roleAssignments")
            .Select(assignment => (RoleOf(assignment), ScopeOf(assignment)))];
        Assert.Equal(expected.Order(), found.Order());
    }

    [Fact]
    public void Bot_may_only_write_to_the_temp_container_and_send()
    {
        string[] roles = [.. template.OfType("Microsoft.Authorization/roleAssignments")
            .Where(assignment => assignment["properties"]!["principalId"]!.ToString().Contains("botPrincipalId", StringComparison.Ordinal))
            .Select(RoleOf).Distinct().Order()];
        Assert.Equal(new[] { BlobDataContributor, QueueDataMessageSender, AcrPull, KeyVaultSecretsUser }.Order(), roles);
        JsonObject temp = template.OfType("Microsoft.Authorization/roleAssignments")
            .Single(assignment => RoleOf(assignment) == BlobDataContributor);
        Assert.Contains($"'{StorageNames.TempContainer}'", temp["scope"]!.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The host lets it in, and the functions know it as the bot's; the administrator's key is not in the vault.</summary>
    [Fact]
    public void Bot_has_a_key_of_its_own()
    {
        JsonNode key = Assert.Single(template.OfType("Microsoft.Web/sites/host/functionKeys"));
        Assert.Contains("'{0}/default/bot'", Plain((string)key["name"]!), StringComparison.Ordinal);
        Assert.Equal("bot", (string?)key["properties"]!["name"]);
        JsonNode secret = template.OfType("Microsoft.KeyVault/vaults/secrets")
            .Single(secret => secret["name"]!.ToString().Contains("parameters('apiKeySecretNames')", StringComparison.Ordinal));
        string value = (string)key["properties"]!["value"]!;
        Assert.Equal(value, (string?)secret["properties"]!["value"]);
        Assert.StartsWith("[guid(listKeys(", value, StringComparison.Ordinal);
        JsonNode site = Assert.Single(template.OfType("Microsoft.Web/sites"))["properties"]!;
        Assert.Equal("[parameters('identityId')]", (string?)site["keyVaultReferenceIdentity"]);
        Assert.Contains("\"Functions__BotKey\"", template.ModuleOf("Microsoft.Web/sites"), StringComparison.Ordinal);
        string json = Plain(template.Root.ToJsonString());
        Assert.Contains(
            "'@Microsoft.KeyVault(VaultName=kv-pipe-{0};SecretName={1})', parameters('suffix'), variables('apiKeySecretNames')[", json,
            StringComparison.Ordinal);
        Assert.Equal("[format('kv-pipe-{0}', parameters('suffix'))]",
            (string?)Assert.Single(template.OfType("Microsoft.KeyVault/vaults"))["name"]);
    }

    [Fact]
    public void Functions_run_on_the_isolated_worker_on_flex_consumption()
    {
        JsonNode plan = Assert.Single(template.OfType("Microsoft.Web/serverfarms"));
        Assert.Equal(("FC1", "FlexConsumption", true),
            ((string?)plan["sku"]!["name"], (string?)plan["sku"]!["tier"], (bool)plan["properties"]!["reserved"]!));
        JsonNode site = Assert.Single(template.OfType("Microsoft.Web/sites"));
        Assert.Equal("functionapp,linux", (string?)site["kind"]);
        JsonNode config = site["properties"]!["functionAppConfig"]!;
        Assert.Equal(("dotnet-isolated", "10.0"), ((string?)config["runtime"]!["name"], (string?)config["runtime"]!["version"]));
        Assert.Equal("blobContainer", (string?)config["deployment"]!["storage"]!["type"]);
        Assert.Equal("UserAssignedIdentity", (string?)config["deployment"]!["storage"]!["authentication"]!["type"]);
        Assert.True((bool)site["properties"]!["httpsOnly"]!);
        JsonNode scale = config["scaleAndConcurrency"]!;
        Assert.Equal(["function:MoveSegment"], scale["alwaysReady"]!.AsArray().Select(ready => (string?)ready!["name"]));
        Assert.Equal("[parameters('httpConcurrency')]", (string?)scale["triggers"]!["http"]!["perInstanceConcurrency"]);
        Assert.Contains("PUBLIC_BASE_URL", template.ModuleOf("Microsoft.Web/sites"), StringComparison.Ordinal);
        string[] forbidden = ["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "linuxFxVersion"];
        Assert.All(forbidden, name => Assert.DoesNotContain(name, template.Root.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Parameters_allow_only_what_the_platform_takes()
    {
        JsonNode parameters = template.Root["parameters"]!;
        Assert.Equal([512, 2048, 4096], parameters["functionsInstanceMemoryMB"]!["allowedValues"]!.AsArray().Select(value => (int)value!));
        Assert.Equal((40, 1000),
            ((int)parameters["functionsMaximumInstances"]!["minValue"]!, (int)parameters["functionsMaximumInstances"]!["maxValue"]!));
        Assert.Equal("securestring", ((string)parameters["discordToken"]!["type"]!).ToLowerInvariant());
        Assert.All(parameters.AsObject(), parameter =>
            Assert.False(string.IsNullOrWhiteSpace((string?)parameter.Value!["metadata"]?["description"]), parameter.Key));
    }

    [Fact]
    public void No_template_holds_a_secret()
    {
        string json = template.Root.ToJsonString();
        Assert.DoesNotMatch(Secretish(), json);
        Assert.All(template.OfType("Microsoft.KeyVault/vaults/secrets"), secret =>
            Assert.StartsWith("[", (string)secret["properties"]!["value"]!, StringComparison.Ordinal));
    }

    [Fact]
    public void Resources_carry_the_tags_that_azd_looks_for()
    {
        string json = template.Root.ToJsonString();
        Assert.Contains("azd-env-name", json, StringComparison.Ordinal);
        Assert.Contains("'azd-service-name', parameters('serviceName')", Plain(json), StringComparison.Ordinal);
        Assert.Contains("createObject('value', 'functions')", Plain(json), StringComparison.Ordinal); // the first cell's
        Assert.Contains("'azd-service-name', 'bot'", Plain(json), StringComparison.Ordinal);
    }

    private static string Plain(string json) => json.Replace("\\u0027", "'", StringComparison.Ordinal);

    private static string LastNamePart(JsonObject resource) =>
        Plain((string)resource["name"]!).Split('\'').Where((_, index) => index % 2 == 1)
        .Last(part => part is not "default" && !part.Contains('{', StringComparison.Ordinal));

    private JsonObject TemplateThatHolds(string variable) =>
        template.Root["resources"] is null ? throw new InvalidOperationException("no resources")
            : Descend(template.Root).First(node => node["variables"]?[variable] is not null);

    private static IEnumerable<JsonObject> Descend(JsonNode node)
    {
        if (node is JsonObject self) yield return self;
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject map => map.Select(entry => entry.Value),
            JsonArray list => list,
            _ =>
            []
        };
        foreach (JsonObject inner in children.Where(child => child is not null).SelectMany(child => Descend(child!))) yield return inner;
    }

    private string RoleOf(JsonObject assignment)
    {
        string expression = assignment["properties"]!["roleDefinitionId"]!.ToString();
        string variable = RoleVariable().Match(expression).Groups[1].Value;
        return (string)TemplateThatHolds(variable)["variables"]![variable]!;
    }

    private static string ScopeOf(JsonObject assignment)
    {
        string scope = assignment["scope"]!.ToString();
        return ScopeType().Match(scope).Groups[1].Value.Split('/')[^1];
    }

    [GeneratedRegex(@"variables\('(\w+)'\)")]
    private static partial Regex RoleVariable();

    [GeneratedRegex(@"'(Microsoft\.[\w./]+)'")]
    private static partial Regex ScopeType();

    [GeneratedRegex("""param (\w+) = .*readEnvironmentVariable\('(\w+)'""")]
    private static partial Regex VariableOfParameter();

    [GeneratedRegex("AccountKey=|SharedAccessSignature=|listKeys\\([^)]*storageAccounts|\"sig=", RegexOptions.IgnoreCase)]
    private static partial Regex Secretish();
}

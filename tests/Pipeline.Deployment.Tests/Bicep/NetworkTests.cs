using System.Text.Json.Nodes;

namespace Pipeline.Deployment.Tests.Bicep;

/// <summary>Who reaches storage and vault, with a network of our own and without.</summary>
public sealed class NetworkTests(CompiledTemplate template) : IClassFixture<CompiledTemplate>
{
    [Fact]
    public void Storage_and_vault_refuse_the_internet_where_the_network_is_private()
    {
        JsonNode account = Assert.Single(template.OfType("Microsoft.Storage/storageAccounts"))["properties"]!["networkAcls"]!;
        Assert.Equal("[parameters('networkRules').defaultAction]", (string?)account["defaultAction"]);
        Assert.Contains("networkRules').virtualNetworkRules", (string?)account["virtualNetworkRules"], StringComparison.Ordinal);
        Assert.Contains("'action', 'Allow'", (string?)account["ipRules"], StringComparison.Ordinal);
        JsonNode vault = Assert.Single(template.OfType("Microsoft.KeyVault/vaults"))["properties"]!["networkAcls"]!;
        Assert.Equal("[parameters('networkRules')]", (string?)vault);
        string wired = CompiledTemplate.Plain(template.Root.ToJsonString());
        Assert.Contains("if(parameters('privateNetwork'), 'Deny', 'Allow')", wired, StringComparison.Ordinal);
        Assert.False((bool)template.Root["parameters"]!["privateNetwork"]!["defaultValue"]!);
        Assert.Contains("privateNetwork needs botHost containerApp", wired, StringComparison.Ordinal);
    }

    [Fact]
    public void Bot_and_functions_are_in_subnets_that_storage_and_vault_know()
    {
        JsonNode network = Assert.Single(template.OfType("Microsoft.Network/virtualNetworks"));
        string text = CompiledTemplate.Plain(network.ToJsonString());
        Assert.Contains("Microsoft.App/environments", text, StringComparison.Ordinal);
        string endpoints = template.VariableOf("Microsoft.Network/virtualNetworks", "serviceEndpoints")!.ToJsonString();
        Assert.Contains("Microsoft.Storage", endpoints, StringComparison.Ordinal);
        Assert.Contains("Microsoft.KeyVault", endpoints, StringComparison.Ordinal);
        JsonNode environment = Assert.Single(template.OfType("Microsoft.App/managedEnvironments"))["properties"]!;
        Assert.Contains("parameters('subnetId')", (string?)environment["vnetConfiguration"], StringComparison.Ordinal);
        JsonNode site = Assert.Single(template.OfType("Microsoft.Web/sites"))["properties"]!;
        Assert.Contains("parameters('subnetId')", (string?)site["virtualNetworkSubnetId"], StringComparison.Ordinal);
    }
}

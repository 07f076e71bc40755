namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>Tests that start several processes each; one after the other, so that they do not take each other's time.</summary>
[CollectionDefinition(Name)]
public sealed class DeployCollection
{
    public const string Name = "deploy";
}

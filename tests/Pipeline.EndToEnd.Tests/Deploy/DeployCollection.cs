namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>Tests that count or time what several processes do; one after the other, so that they do not take each other's time.</summary>
[CollectionDefinition(Name)]
public sealed class DeployCollection
{
    public const string Name = "deploy";
}

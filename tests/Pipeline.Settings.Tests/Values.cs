using Microsoft.Extensions.Configuration;

namespace Pipeline.Settings.Tests;

/// <summary>Settings as a host hands them over.</summary>
internal static class Values
{
    public static SettingSources Of(params (string Name, string? Value)[] values)
    {
        IEnumerable<KeyValuePair<string, string?>> pairs =
            values.Select(pair => KeyValuePair.Create(pair.Name.Replace("__", ":", StringComparison.Ordinal), pair.Value));
        return new SettingSources(new ConfigurationBuilder().AddInMemoryCollection(pairs).Build());
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Pipeline.Deployment.Tests.Settings;

/// <summary>
/// A configuration that remembers what it was asked for: the settings that the code reads, by what it does and not by a list beside it.
/// </summary>
/// <param name="values">By environment name (<c>A__B</c>).</param>
internal sealed class AskedNames(IReadOnlyDictionary<string, string> values) : IConfiguration
{
    public SortedSet<string> Names { get; } = new(StringComparer.OrdinalIgnoreCase);

    public string? this[string key]
    {
        get
        {
            string name = key.Replace(":", "__", StringComparison.Ordinal);
            Names.Add(name);
            return values.GetValueOrDefault(name);
        }
        set => throw new NotSupportedException();
    }

    public IEnumerable<IConfigurationSection> GetChildren() => throw new NotSupportedException("settings are read one by one");

    public IChangeToken GetReloadToken() => throw new NotSupportedException();

    public IConfigurationSection GetSection(string key) => throw new NotSupportedException("settings are read one by one");
}

using Microsoft.Extensions.Configuration;
using Pipeline.Settings;

namespace Pipeline.Bot.Tests.Cli.Settings;

/// <summary>Settings as files and environment would give them.</summary>
internal static class SettingValues
{
    public static SettingReader Read(params (string Name, string? Value)[] values) => new(new SettingSources(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))).Build()));
}

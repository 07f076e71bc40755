using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.ServerSettings;

/// <summary>Small files that must be whole or absent: written beside and renamed over.</summary>
internal static class LocalState
{
    /// <summary>Null: there is none, or it cannot be read, which is logged.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> shape, ulong guildId, ILogger log) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), shape) : null;
        }
        catch (Exception problem) when (DiskFailure.Is(problem) || problem is JsonException)
        {
            log.LocalStateUnreadable(guildId, Cause.Of(problem));
            return null;
        }
    }

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string beside = path + ".new";
        File.WriteAllBytes(beside, content);
        File.Move(beside, path, overwrite: true);
    }

    /// <summary>As <see cref="File.Delete"/>, also where nothing was ever written: the folder comes with the first file.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path)) File.Delete(path);
    }
}

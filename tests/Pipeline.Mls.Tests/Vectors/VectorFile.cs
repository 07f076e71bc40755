using System.Text.Json;
using Pipeline.TestKit;

namespace Pipeline.Mls.Tests.Vectors;

/// <summary>
/// One file of the MLS working group's test vectors. They have no licence, so the project does not carry them: they are read
/// from a <c>shared/vectors/mls</c> beside the repository, or from the folder that PIPELINE_VECTORS names.
/// </summary>
internal static class VectorFile
{
    /// <summary>Where the working group publishes them, in the folder test-vectors.</summary>
    public const string Published = "https://github.com/mlswg/mls-implementations";

    /// <summary>
    /// Runs <paramref name="check"/> on each case; false from it means that the case is about something else (another suite).
    /// Reports how many passed and how many were skipped. Without the file the test is skipped, with the count of its cases.
    /// </summary>
    public static void ForEach(string name, int cases, Func<JsonElement, bool> check)
    {
        string? path = Find(name);
        if (path is null) Assert.Skip(Missing(name, cases));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        int passed = 0;
        int skipped = 0;
        foreach (JsonElement vector in document.RootElement.EnumerateArray())
        {
            if (check(vector)) passed++;
            else skipped++;
        }

        // Straight to the console: infra/test.sh repeats what begins like this.
        Console.WriteLine($"note: {name}: {passed} passed, {skipped} skipped");
        Assert.True(passed > 0, $"{name}: nothing ran");
    }

    /// <summary>What is said of a file that is not here: what was not run, where it was looked for, where it is to be had.</summary>
    public static string Missing(string name, int cases) =>
        $"{name}: {cases} cases not run: neither in PIPELINE_VECTORS nor in ../shared/vectors/mls; published at {Published}";

    public static bool IsSuite2(this JsonElement vector) => vector.GetProperty("cipher_suite").GetInt32() == 2;

    public static string Text(this JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement vector, string name) => Convert.FromHexString(vector.Text(name));

    public static byte[]? HexOrNull(this JsonElement vector, string name) =>
        vector.GetProperty(name).GetString() is { } hex ? Convert.FromHexString(hex) : null;

    public static JsonElement.ArrayEnumerator List(this JsonElement vector, string name) =>
        vector.GetProperty(name).EnumerateArray();

    private static string? Find(string name) => Folders()
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("PIPELINE_VECTORS") is { Length: > 0 } named)
        {
            yield return named;
            yield return Path.Combine(named, "mls");
        }

        for (DirectoryInfo? folder = new(RepositoryRoot.Path); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, "shared", "vectors", "mls");
        }
    }
}

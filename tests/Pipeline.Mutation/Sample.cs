namespace Pipeline.Mutation;

/// <summary>Draws mutations and tries them one after the other.</summary>
internal static class Sample
{
    /// <summary>Lies in the root of a tree that may be changed.</summary>
    public const string CopyMark = ".copy-for-mutations";

    public static bool IsCopy(string tree) => File.Exists(Path.Combine(tree, CopyMark));

    /// <summary>Every mutation below the folders, in the order in which the seed draws them.</summary>
    public static Mutation[] Draw(string tree, string[] folders, int seed)
    {
        Mutation[] all = [.. folders
            .Select(folder => Path.Combine(tree, folder))
            .Where(Directory.Exists)
            .SelectMany(path => Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(tree, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => MutationFinder.Find(file, File.ReadAllText(Path.Combine(tree, file))))];
        new Random(seed).Shuffle(all);
        return all;
    }

    /// <summary>Tries until enough have compiled. Zero where all were noticed, one where something survived.</summary>
    public static async Task<int> TryAsync(Mutation[] drawn, int count, Trial trial, CancellationToken cancellationToken)
    {
        List<(Mutation Mutation, TrialResult Result, string By)> tried = [];
        foreach (Mutation mutation in drawn)
        {
            if (tried.Count == count || cancellationToken.IsCancellationRequested) break;
            (TrialResult result, string by) = await trial.RunAsync(mutation);
            if (result == TrialResult.NotCompiled) continue;
            tried.Add((mutation, result, by));
            Console.WriteLine($"{tried.Count,3} {Word(result),-9} {mutation}");
            bool isSurvivor = result == TrialResult.Survived;
            Console.WriteLine($"    {(isSurvivor ? "not noticed by" : "by")} {(by.Length > 0 ? by : "any test project")}");
        }
        int survived = tried.Count(one => one.Result == TrialResult.Survived);
        int hung = tried.Count(one => one.Result == TrialResult.TimedOut);
        Console.WriteLine();
        foreach ((Mutation mutation, _, _) in tried.Where(one => one.Result == TrialResult.Survived))
            Console.WriteLine($"survived {mutation}");
        Console.WriteLine(
            $"{tried.Count - survived - hung} killed, {survived} survived, {hung} timed out: "
            + $"{(tried.Count == 0 ? 0 : 100.0 * (tried.Count - survived) / tried.Count):0} of 100 noticed");
        return survived == 0 && tried.Count > 0 ? 0 : 1;
    }

    private static string Word(TrialResult result) => result switch
    {
        TrialResult.Killed => "killed",
        TrialResult.Survived => "survived",
        _ => "timed out",
    };
}

namespace Pipeline.Mutation;

/// <summary>Draws mutations and tries them one after the other.</summary>
internal static class Sample
{
    /// <summary>Lies in a tree that may be changed, where no test of the tree itself looks.</summary>
    public const string CopyMark = ".git/copy-for-mutations";

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

    /// <summary>The first that may be needed for so many that compile: one in four is refused at most.</summary>
    public static Mutation[] Enough(IEnumerable<Mutation> drawn, int count) => [.. drawn.Take(count + (count / 3) + 5)];

    /// <summary>Tries until enough of a seed's mutations have compiled. True where all were noticed.</summary>
    /// <param name="drawn">With their numbers.</param>
    public static async Task<bool> TryAsync(
        int seed, IEnumerable<(int Id, Mutation Mutation)> drawn, int count, Trial trial, CancellationToken cancellationToken)
    {
        List<(Mutation Mutation, TrialResult Result)> tried = [];
        foreach ((int id, Mutation mutation) in drawn)
        {
            if (tried.Count == count || cancellationToken.IsCancellationRequested) break;
            (TrialResult result, string by) = await trial.RunAsync(id);
            if (result == TrialResult.NotCompiled) continue;
            tried.Add((mutation, result));
            Console.WriteLine($"{tried.Count,3} {Word(result),-9} {mutation}");
            Console.WriteLine($"    {(result == TrialResult.Survived ? "not noticed by" : "by")} {by}");
        }
        int survived = tried.Count(one => one.Result == TrialResult.Survived);
        int hung = tried.Count(one => one.Result == TrialResult.TimedOut);
        Console.WriteLine();
        foreach ((Mutation mutation, _) in tried.Where(one => one.Result == TrialResult.Survived))
            Console.WriteLine($"survived {mutation}");
        Console.WriteLine(
            $"seed {seed}: {tried.Count - survived - hung} killed, {survived} survived, {hung} timed out: "
            + $"{(tried.Count == 0 ? 0 : 100.0 * (tried.Count - survived) / tried.Count):0} of 100 noticed");
        return survived == 0 && tried.Count > 0;
    }

    private static string Word(TrialResult result) => result switch
    {
        TrialResult.Killed => "killed",
        TrialResult.Survived => "survived",
        _ => "timed out",
    };
}

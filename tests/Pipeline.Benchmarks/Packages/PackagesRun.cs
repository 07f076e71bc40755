using System.Globalization;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Benchmarks.Packages;

/// <summary>
/// Publishes functions and bot in every form they could be deployed in and measures size, start and memory, the starts of all
/// forms taking turns so that a busy machine hurts all alike. It has no goal: what is deployed was chosen by these figures.
/// </summary>
internal static class PackagesRun
{
    private const int Starts = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly Package[] Packages =
    [
        new("functions alone, framework-dependent", "functions/Pipeline.Functions.Local", "--no-self-contained",
            "-p:PublishSingleFile=false"),
        new("functions alone, single file", "functions/Pipeline.Functions.Local", "--self-contained"),
        new("functions alone, single file, ReadyToRun", "functions/Pipeline.Functions.Local", "--self-contained",
            "-p:PublishReadyToRun=true"),
        new("bot, trimmed single file", "bot/Pipeline.Bot", "-p:PublishAot=false"),
        new("bot, native", "bot/Pipeline.Bot", "-p:PublishAot=true"),
    ];

    public static async Task<int> RunAsync(string[] arguments)
    {
        using TempFolder folder = new();
        foreach (Package package in Packages) await PublishAsync(package, folder);
        await using Azurite storage = await Azurite.StartAsync();
        Dictionary<Package, List<PackageFigures>> figures = Packages.ToDictionary(package => package, _ => new List<PackageFigures>());
        for (int start = 0; start < Starts; start++)
        {
            foreach (Package package in Packages)
                figures[package].Add(package.IsFunctions ? await StartFunctionsAsync(package, folder, storage)
                : await StartBotAsync(package, folder));
        }
        Console.WriteLine($"{"medians of " + Starts + " starts",-54} {"MB",6} {"first answer s",15} {"first read s",13} {"memory MB",10}");
        foreach (Package package in Packages) Console.WriteLine(Row(package, Size(Folder(folder, package)), figures[package]));
        return 0;
    }

    private static string Folder(TempFolder folder, Package package) => folder.Combine("app", $"{Array.IndexOf(Packages, package)}");

    private static async Task PublishAsync(Package package, TempFolder folder)
    {
        // A folder of its own for what is built on the way: nothing of the repository's output is used or touched.
        string[] arguments =
        [
            "publish", RepositoryRoot.Combine(package.Project.Split('/')), "-c", "Release", "-r", "linux-x64", .. package.Options,
                "-p:RunAnalyzers=false",
            "--artifacts-path", folder.Combine("build", $"{Array.IndexOf(Packages, package)}"), "-o", Folder(folder, package), "-v", "q",
                "--nologo",
        ];
        await using ChildProcess publish = ChildProcess.Start("dotnet", arguments);
        if (await publish.WaitForExitAsync(Patience) != 0)
            throw new InvalidOperationException($"{package.Name} could not be published:\n{string.Join('\n', publish.Lines)}");
    }

    private static async Task<PackageFigures> StartFunctionsAsync(Package package, TempFolder folder, Azurite storage)
    {
        string place = Folder(folder, package);
        int port = FreePort.Take(1)[0];
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        http.DefaultRequestHeaders.Add("x-functions-key", FunctionsApp.Key);
        long started = TimeProvider.System.GetTimestamp();
        await using ChildProcess functions = ChildProcess.Start(
            Path.Combine(place, package.Program), [], new Dictionary<string,
                string?>(storage.Settings)
            { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}", ["Functions__Key"] = FunctionsApp.Key },
                place);
        await AnswerAsync(http, "/", functions);
        TimeSpan toAnswer = TimeProvider.System.GetElapsedTime(started);
        await AnswerAsync(http, "/api/health", functions);
        return new(toAnswer, TimeProvider.System.GetElapsedTime(started), ProcessMemory.Resident(functions.Id));
    }

    private static async Task AnswerAsync(HttpClient http, string path, ChildProcess functions)
    {
        LoopLimit limit = new($"{path} is answered", Patience);
        while (true)
        {
            limit.Turn();
            if (functions.HasExited)
                throw new InvalidOperationException($"the functions have ended:\n{string.Join('\n', functions.Lines)}");
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative));
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException refused) when (refused.HttpRequestError == HttpRequestError.ConnectionError)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5));
            }
        }
    }

    private static async Task<PackageFigures> StartBotAsync(Package package, TempFolder folder)
    {
        long started = TimeProvider.System.GetTimestamp();
        await using ChildProcess bot = ChildProcess.Start(Path.Combine(Folder(folder, package), package.Program), ["--help"]);
        int exitCode = await bot.WaitForExitAsync(Patience);
        if (exitCode != 0) throw new InvalidOperationException($"{package.Name} ended with {exitCode}:\n{string.Join('\n', bot.Lines)}");
        return new(TimeProvider.System.GetElapsedTime(started), null, null);
    }

    private static string Row(Package package, long size, List<PackageFigures> figures)
    {
        PackageFigures typical = figures.OrderBy(figure => figure.ToRead ?? figure.ToAnswer).ElementAt(figures.Count / 2);
        string read = typical.ToRead is { } toRead ? toRead.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture) : "-";
        string resident = typical.Resident is { } bytes ? (bytes / 1048576.0).ToString("F0", CultureInfo.InvariantCulture) : "-";
        return FormattableString.Invariant(
            $"{package.Name,-54} {size / 1048576.0,6:F0} {typical.ToAnswer.TotalSeconds,15:F2} {read,13} {resident,10}");
    }

    private static long Size(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}

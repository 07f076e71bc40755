namespace Pipeline.Benchmarks.Packages;

/// <summary>One way to publish a part of the product.</summary>
/// <param name="Project">Folder under the repository, for example <c>functions/Pipeline.Functions.Local</c>.</param>
/// <param name="Options">What <c>dotnet publish</c> gets beside <c>-c Release -r linux-x64</c>.</param>
internal sealed record Package(string Name, string Project, params string[] Options)
{
    public string Program => Project.Split('/')[^1];

    public bool IsFunctions => Program == "Pipeline.Functions.Local";
}

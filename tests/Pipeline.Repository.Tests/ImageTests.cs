using System.Text.RegularExpressions;
using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>Images are built on exactly what they were tested with.</summary>
public sealed partial class ImageTests
{
    public static TheoryData<string> Dockerfiles => [.. Directory.GetFiles(RepositoryRoot.Combine("infra"), "*Dockerfile*")
        .Select(file => Path.GetFileName(file)).Where(name => !name.EndsWith(".dockerignore", StringComparison.Ordinal))];

    [Fact]
    public void Both_images_are_looked_at() =>
        Assert.Empty(new[] { "Dockerfile", "functions.Dockerfile" }.Except(Dockerfiles.Select(row => row.Data)));

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void Everything_that_an_image_is_built_on_has_an_exact_version(string file)
    {
        HashSet<string> stages = [];
        string[] bases = [.. From().Matches(File.ReadAllText(RepositoryRoot.Combine("infra", file))).Select(line =>
        {
            string image = line.Groups["image"].Value;
            bool isStage = stages.Contains(image);
            if (line.Groups["stage"].Success) stages.Add(line.Groups["stage"].Value);
            return isStage ? "" : image;
        }).Where(image => image.Length > 0)];
        Assert.NotEmpty(bases);
        Assert.All(bases, image => Assert.Matches(Exact(), image));
    }

    [GeneratedRegex(@"^\s*FROM\s+(?:--\S+\s+)*(?<image>\S+)(?:\s+AS\s+(?<stage>\S+))?", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex From();

    // As of the images in compose.yaml.
    [GeneratedRegex(@"^[a-z0-9.:/-]+(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$")]
    private static partial Regex Exact();
}

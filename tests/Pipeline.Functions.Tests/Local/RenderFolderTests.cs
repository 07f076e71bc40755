using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Functions.Local;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.Settings;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>Finished files as plain files on the disk.</summary>
public sealed class RenderFolderTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TempFolder root = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => root.Dispose();

    // Others have none, and the group does not write, whatever umask it is started with.
    private static int TooManyRights(string entry) => OperatingSystem.IsWindows() ? 0 : (int)File.GetUnixFileMode(entry) & 0b000_010_111;

    [Fact]
    public async Task Files_are_what_people_download_and_go_with_the_recording()
    {
        await using App app = await StartAsync();
        Session session = await RecordAsync(app, 810);
        await RenderAsync(app, session);

        string folder = Assert.Single(Directory.EnumerateDirectories(root.Combine("files")));
        Assert.EndsWith($"_{session.Id}", folder, StringComparison.Ordinal);
        string[] names = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!).Where(name => name[0] != '.')];
        Assert.Superset(new HashSet<string> { "01-Ada.flac", "02-Grace.flac", "mix.flac", "mix.opus", "info.json" }, names.ToHashSet());
        Assert.DoesNotContain("01-Ada.opus", names);
        Assert.All([root.Combine("files"), folder, .. Directory.GetFiles(folder)], entry =>
            Assert.Equal((0, entry), (TooManyRights(entry), entry)));
        Assert.True(File.Exists(Path.Combine(folder, ".files.json")));
        using HttpClient plain = new();
        foreach (string name in names)
        {
            using HttpResponseMessage there = await app.Http.GetAsync(
                new Uri($"api/recordings/{session.Id}/files/{name}", UriKind.Relative), Cancellation);
            byte[] download = await plain.GetByteArrayAsync(there.Headers.Location, Cancellation);
            Assert.Equal(download, await File.ReadAllBytesAsync(Path.Combine(folder, name), Cancellation));
        }

        string ada = Path.Combine(folder, "01-Ada.flac"), grace = Path.Combine(folder, "02-Grace.flac");
        File.SetLastWriteTimeUtc(ada, DateTime.UnixEpoch);
        await File.WriteAllTextAsync(grace, "spoiled", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "02-Grace.flac.part"), "a crash", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "mine", Cancellation);
        await RenderAsync(app, session);
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(ada));
        Assert.True(new System.IO.FileInfo(grace).Length > 7, "the spoiled file was left as it was");
        Assert.Empty(Directory.EnumerateFiles(folder, "*.part"));

        await app.Get<RenderFolder>().DeletingAsync(Deletion(session), Cancellation);
        Assert.True(File.Exists(ada), "somebody has only sent a message");
        await app.DeleteRecordingAsync(session.Id);
        await app.Get<RenderFolder>().DeletingAsync(Deletion(session), Cancellation);
        await app.Get<RenderFolder>().DeletingAsync(Deletion(session), Cancellation);
        Assert.Equal(["notes.txt"], Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)));
        await RenderAsync(app, session); // A message that was under way.
        Assert.Equal(["notes.txt"], Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task Erased_person_is_gone_from_the_folder_and_the_others_are_there()
    {
        await using App app = await StartAsync();
        Session session = await RecordAsync(app, 2811);
        await RenderAsync(app, session);
        string folder = Assert.Single(Directory.EnumerateDirectories(root.Combine("files"), $"*_{session.Id}"));
        Assert.True(File.Exists(Path.Combine(folder, "01-Ada.flac")));

        byte[] message = Encoding.UTF8.GetBytes($$"""{"version":1,"scope":"{{session.Id}}","userId":"5","look":0}""");
        using HttpResponseMessage asked = await app.Http.PutAsync(
            new Uri($"api/recordings/{session.Id}/erasures/5", UriKind.Relative), null, Cancellation);
        await app.Get<RenderFolder>().DeletingAsync(message, Cancellation);
        await app.Get<RecordingErasure>().RunAsync(message, Cancellation);
        await RenderAsync(app, session);

        string[] names = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)!).Where(name => name[0] != '.')];
        Assert.Superset(new HashSet<string> { "01-Grace.flac", "mix.flac", "info.json" }, names.ToHashSet());
        Assert.DoesNotContain(names, name => name.Contains("Ada", StringComparison.Ordinal));
        Assert.DoesNotContain("\"Ada\"", await File.ReadAllTextAsync(Path.Combine(folder, "info.json"), Cancellation),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_that_cannot_be_written_is_named_at_the_start()
    {
        string file = root.Combine("a-file");
        await File.WriteAllTextAsync(file, "", Cancellation);
        InvalidSettingsException wrong = await Assert.ThrowsAsync<InvalidSettingsException>(() =>
            App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FOLDER"] = file }));
        Assert.Contains($"RENDER_FOLDER: '{file}'", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("a folder that can be written", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("OFF")]
    public async Task Off_is_no_folder(string off)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FOLDER"] = off });
        Assert.Null(app.Get<LocalOptions>().RenderFolder);
        Assert.False(Directory.Exists(off));
    }

    private Task<App> StartAsync() =>
        App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FOLDER"] = root.Combine("files") });

    private static async Task<Session> RecordAsync(App app, int seed)
    {
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(seed, (5, "Ada", 2), (6, "Grace", 1));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Assert.True(await app.StartRecordingAsync(session.Started));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        return session;
    }

    // As the queue's function does it.
    private static async Task RenderAsync(App app, Session session)
    {
        await app.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = session.Id }, Cancellation);
        await app.Get<RenderFolder>().RenderedAsync(session.Id, Cancellation);
    }

    private static byte[] Deletion(Session session) =>
        Encoding.UTF8.GetBytes($$"""{"version":1,"recordingId":"{{session.Id}}","look":0}""");
}

using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

/// <summary>Files that grow by blocks: what is committed, by whom, and what of it is given up.</summary>
public sealed class RendersContainerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_is_made_of_its_blocks_in_their_order_once()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string name = $"{room.Recording}/mix.flac";
        StagedBlocks none = await renders.BlocksAsync(name, Cancel);
        Assert.Empty(none.Ids);
        Assert.Null(none.Version);
        Assert.Null(await renders.FindAsync(name, Cancel));
        Assert.Null(await renders.TryReadAsync(name, 0, 1, Cancel));

        byte[] large = Encoding.ASCII.GetBytes("..second..");
        await renders.StageAsync(name, "b", large.AsMemory(2, 6), Cancel);
        await renders.StageAsync(name, "a", "first "u8.ToArray(), Cancel);
        StagedBlocks waiting = await renders.BlocksAsync(name, Cancel);
        Assert.True(waiting.Contains("a") && waiting.Contains("b") && !waiting.Contains("c"));
        Assert.Null(waiting.Version); // no blob yet
        Assert.False(await renders.TryCommitAsync(name, ["a", "c"], "audio/flac", waiting, Cancel));
        Assert.True(await renders.TryCommitAsync(name, ["a", "b"], "audio/flac", waiting, Cancel));

        (ETag version, long length) = (await renders.FindAsync(name, Cancel))!.Value;
        Assert.Equal(12, length);
        Assert.Equal("first second", Encoding.ASCII.GetString((await renders.TryReadAsync(name, 0, 12, Cancel))!));
        Assert.Equal("second", Encoding.ASCII.GetString((await renders.TryReadAsync(name, 6, 6, Cancel))!));
        Assert.Null(await renders.TryReadAsync(name, 6, 7, Cancel));
        Assert.Null(await renders.TryReadAsync(name, 12, 1, Cancel));
        using MemoryStream copied = new();
        await renders.CopyToAsync(name, copied, Cancel);
        Assert.Equal("first second", Encoding.ASCII.GetString(copied.ToArray()));
        StagedBlocks made = await renders.BlocksAsync(name, Cancel);
        Assert.Equal(version.ToString("H"), made.Version!.Value.ToString("H")); // with or without its quotes it is the same
        Assert.True(made.Contains("a") && made.Contains("b"));
        BlobProperties properties = await Blob(room, name).GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(("audio/flac", "private"), (properties.ContentType, properties.CacheControl));
    }

    [Fact]
    public async Task Who_was_slower_commits_nothing()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string name = $"{room.Recording}/mix.flac";
        await renders.StageAsync(name, "a", "first"u8.ToArray(), Cancel);
        StagedBlocks before = await renders.BlocksAsync(name, Cancel);
        Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", before, Cancel));
        Assert.False(await renders.TryCommitAsync(name, ["a"], "audio/flac", before, Cancel)); // somebody has made it
        StagedBlocks then = await renders.BlocksAsync(name, Cancel);
        Assert.True(await renders.TryCommitAsync(name, ["a", "a"], "audio/flac", then, Cancel));
        Assert.False(await renders.TryCommitAsync(name, ["a"], "audio/flac", then, Cancel));
        Assert.Equal(10, (await renders.FindAsync(name, Cancel))!.Value.Length);
    }

    [Fact]
    public async Task Stretch_of_another_file_becomes_a_block_of_the_version_that_was_looked_at()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string source = $"{room.Recording}/track.flac", name = $"{room.Recording}/cut.flac";
        await renders.StageAsync(source, "a", "0123456789"u8.ToArray(), Cancel);
        Assert.True(await renders.TryCommitAsync(source, ["a"], "audio/flac", StagedBlocks.None, Cancel));
        (ETag version, _) = (await renders.FindAsync(source, Cancel))!.Value;
        await renders.StageFromAsync(name, "x", source, version, 3, 4, Cancel);
        Assert.True(await renders.TryCommitAsync(name, ["x"], "audio/flac", StagedBlocks.None, Cancel));
        Assert.Equal("3456", Encoding.ASCII.GetString((await renders.TryReadAsync(name, 0, 4, Cancel))!));
        Assert.Equal(4, (await renders.FindAsync(name, Cancel))!.Value.Length);

        Uri link = await renders.ReadLinkAsync(name, "Ünïcode 1.flac", Cancel);
        Assert.InRange(StorageRoom.LifetimeOf(link).TotalMinutes, 14, 15);
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(link, Cancel);
        Assert.Equal("3456", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("Ünïcode 1.flac", answer.Content.Headers.ContentDisposition!.FileNameStar);
    }

    /// <summary>A deletion that was cut off leaves one: blocks that waited are given up by it.</summary>
    [Fact]
    public async Task File_without_a_block_is_one_that_another_can_come_in_the_place_of()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string name = $"{room.Recording}/mix.flac";
        Assert.True(await renders.TryCommitAsync(name, [], "audio/flac", StagedBlocks.None, Cancel));
        await renders.StageAsync(name, "a", "first"u8.ToArray(), Cancel);
        StagedBlocks before = await renders.BlocksAsync(name, Cancel);
        Assert.Equal((await renders.FindAsync(name, Cancel))!.Value.Version.ToString("H"), before.Version!.Value.ToString("H"));
        Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", before, Cancel));
        Assert.False(await renders.TryCommitAsync(name, ["a"], "audio/flac", before, Cancel));
        Assert.Equal(5, (await renders.FindAsync(name, Cancel))!.Value.Length);
    }

    [Fact]
    public async Task Length_of_a_block_is_that_of_the_one_that_a_commit_takes()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string name = $"{room.Recording}/mix.flac";
        await renders.StageAsync(name, "a", "first"u8.ToArray(), Cancel);
        Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", StagedBlocks.None, Cancel));
        await renders.StageAsync(name, "a", "another"u8.ToArray(), Cancel);
        StagedBlocks before = await renders.BlocksAsync(name, Cancel);
        Assert.True(before.Contains("a", 7) && !before.Contains("a", 5) && !before.Contains("b", 7));
        Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", before, Cancel));
        Assert.Equal(7, (await renders.FindAsync(name, Cancel))!.Value.Length);
    }

    /// <summary>Blocks that only wait are no file yet, and are somebody's voice even so.</summary>
    [Fact]
    public async Task Deletion_takes_files_and_blocks_that_wait()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        for (int i = 0; i < 3; i++)
        {
            string name = $"{room.Recording}/{i}.flac";
            await renders.StageAsync(name, "a", "voice"u8.ToArray(), Cancel);
            if (i > 0) Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", StagedBlocks.None, Cancel));
        }
        Assert.Equal(2, await renders.DeleteSomeAsync(room.Recording, 2, Cancel));
        Assert.Equal(1, await renders.DeleteSomeAsync(room.Recording, 2, Cancel));
        Assert.Equal(0, await renders.DeleteSomeAsync(room.Recording, 2, Cancel));
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty((await renders.BlocksAsync($"{room.Recording}/{i}.flac", Cancel)).Ids);
            Assert.Null(await renders.FindAsync($"{room.Recording}/{i}.flac", Cancel));
        }
        await renders.DeleteAsync($"{room.Recording}/0.flac", Cancel); // again
    }

    [Fact]
    public async Task File_that_was_made_since_it_was_looked_at_stays()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RendersContainer renders = room.Renders;
        string name = $"{room.Recording}/cut.flac";
        await renders.StageAsync(name, "a", "first"u8.ToArray(), Cancel);
        await renders.DeleteFoundAsync(name, found: null, Cancel); // what waits is given up
        Assert.Empty((await renders.BlocksAsync(name, Cancel)).Ids);
        Assert.Null(await renders.FindAsync(name, Cancel));

        await renders.StageAsync(name, "a", "first"u8.ToArray(), Cancel);
        Assert.True(await renders.TryCommitAsync(name, ["a"], "audio/flac", StagedBlocks.None, Cancel));
        ETag first = (await renders.FindAsync(name, Cancel))!.Value.Version;
        await renders.DeleteFoundAsync(name, found: null, Cancel);
        await renders.DeleteFoundAsync(name, new ETag("\"0x1\""), Cancel);
        Assert.Equal(5, (await renders.FindAsync(name, Cancel))!.Value.Length);
        await renders.DeleteFoundAsync(name, first, Cancel);
        Assert.Null(await renders.FindAsync(name, Cancel));
        await renders.DeleteFoundAsync(name, first, Cancel); // again
    }

    private static BlobClient Blob(StorageRoom room, string name) =>
        room.Clients.Blobs.GetBlobContainerClient(StorageNames.RendersContainer).GetBlobClient(name);
}

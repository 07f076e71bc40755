using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

/// <summary>Nothing of the temp container is read, deleted or closed that is not the very blob that was looked at.</summary>
public sealed class TempContainerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Blob_is_found_as_it_is_and_one_that_is_not_there_is_none()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        SegmentReady message = room.Segment(0);
        Assert.Null(await room.Temp.FindAsync(message.BlobName, Cancel));
        await PutAsync(room, message.BlobName, "wav", SegmentMetadata.Write(message));

        TempBlob found = (await room.Temp.FindAsync(message.BlobName, Cancel))!;
        Assert.Equal((message.BlobName, 3L, Md5("wav"), false), (found.Name, found.Length, found.ContentMd5, found.IsLeased));
        Assert.True(found.TryReadMessage(out SegmentReady read));
        Assert.Equal(message, read);
        using (StreamReader content = new(await room.Temp.OpenAsync(found, Cancel)))
            Assert.Equal("wav", await content.ReadToEndAsync(Cancel));
        Assert.Equal(Md5("wav"), await room.Temp.HashAsync(found, Cancel));
        using HttpClient http = new();
        Uri link = await room.Temp.ReadLinkAsync(found, Cancel);
        Assert.Equal("wav", await http.GetStringAsync(link, Cancel));
        Assert.InRange(StorageRoom.LifetimeOf(link).TotalMinutes, 9, 10);

        TempBlob listed = await OnlyAsync(room, $"{room.Recording}/");
        Assert.Equal((found.Name, found.Length, found.ContentMd5, found.Etag.Trim('"'), found.LastModified, found.IsLeased),
            (listed.Name, listed.Length, listed.ContentMd5, listed.Etag.Trim('"'), listed.LastModified, listed.IsLeased));
        Assert.True(listed.TryReadMessage(out read));
        Assert.Equal(message, read);
    }

    [Fact]
    public void Message_beside_the_bytes_is_found_by_its_name_whatever_its_case()
    {
        SegmentReady message = new()
        {
            Session = new SessionInfo
            {
                RecordingId = RecordingId.New(TimeProvider.System),
                GuildId = 1,
                GuildName = "G",
                ChannelId = 2,
                StartedBy = 3,
                StartedAt = DateTimeOffset.UnixEpoch,
            },
            UserId = 5,
            Username = "Ada",
            SegmentIndex = 0,
            BlobName = "a",
            FileSize = 1,
            ContentMd5 = "",
            StartSample = 0,
            SampleCount = 1,
            Channels = 1,
            ClosedAt = DateTimeOffset.UnixEpoch,
        };
        string text = SegmentMetadata.Write(message);
        Assert.True(With(("by", "somebody"), ("SegmentReady", text)).TryReadMessage(out SegmentReady read));
        Assert.Equal(message, read);
        Assert.False(With(("other", text)).TryReadMessage(out _));
        Assert.False(With(("segmentready", "no message")).TryReadMessage(out _));
        Assert.False(With().TryReadMessage(out _));

        static TempBlob With(params (string Name, string Value)[] metadata) => new("a", 1, null, "", default, false,
            metadata.ToDictionary(pair => pair.Name, pair => pair.Value));
    }

    /// <summary>Somebody has put other bytes there since: what was compared is not what lies there.</summary>
    [Fact]
    public async Task Version_that_was_looked_at_is_the_only_one_that_is_read_or_deleted()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = room.Segment(0).BlobName;
        await PutAsync(room, name, "first");
        TempBlob first = (await room.Temp.FindAsync(name, Cancel))!;
        await PutAsync(room, name, "other");

        Assert.Equal(412, (await Assert.ThrowsAsync<RequestFailedException>(() => room.Temp.OpenAsync(first, Cancel))).Status);
        Assert.Equal(412, (await Assert.ThrowsAsync<RequestFailedException>(() => room.Temp.HashAsync(first, Cancel))).Status);
        Assert.False(await room.Temp.DeleteAsync(first, Cancel));
        TempBlob other = (await room.Temp.FindAsync(name, Cancel))!;
        Assert.True(await room.Temp.DeleteAsync(other, Cancel));
        Assert.Null(await room.Temp.FindAsync(name, Cancel));
    }

    [Fact]
    public async Task Blob_that_somebody_holds_stays_and_is_counted_as_held()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string manifest = BlobPaths.Manifest(room.Recording);
        await PutAsync(room, manifest, "{}");
        for (int index = 0; index < 5; index++) await PutAsync(room, room.Segment(index).BlobName, "wav");
        await room.TempBlob(manifest).GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancel);
        Assert.True((await room.Temp.FindAsync(manifest, Cancel))!.IsLeased);
        Assert.True((await OnlyAsync(room, manifest)).IsLeased);

        Assert.Equal((3, 0), await room.Temp.DeleteSomeAsync(room.Recording, 3, Cancel));
        Assert.Equal((2, 1), await room.Temp.DeleteSomeAsync(room.Recording, 100, Cancel));
        Assert.Equal((0, 1), await room.Temp.DeleteSomeAsync(room.Recording, 100, Cancel));
        Assert.Equal(manifest, (await OnlyAsync(room, $"{room.Recording}/")).Name);
    }

    [Theory]
    [InlineData("{ no json")]
    [InlineData("null")]
    [InlineData("version")]
    [InlineData("recording")]
    [InlineData("length")]
    public async Task Manifest_that_is_none_of_this_recording_is_not_believed(string how)
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        Assert.Null(await room.Temp.ReadManifestAsync(room.Recording, Cancel));
        string most = Json(room.Manifest()).PadRight(16 * 1024 * 1024);
        string text = how switch
        {
            "version" => Json(room.Manifest() with { Version = 2 }),
            "recording" => Json(room.Manifest() with
            {
                Session = room.Session with { RecordingId = RecordingId.New(TimeProvider.System) },
            }),
            "length" => most + ' ',
            _ => how,
        };
        await PutAsync(room, BlobPaths.Manifest(room.Recording), text);
        Assert.Null(await room.Temp.ReadManifestAsync(room.Recording, Cancel));
        await PutAsync(room, BlobPaths.Manifest(room.Recording), how == "length" ? most : Json(room.Manifest()));
        Assert.NotNull(await room.Temp.ReadManifestAsync(room.Recording, Cancel));
    }

    [Fact]
    public async Task Manifest_of_a_bot_that_is_gone_is_closed_and_that_of_one_at_work_is_not()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = BlobPaths.Manifest(room.Recording);
        Assert.Null(await room.Temp.CloseManifestAsync(room.Recording, Stop, Cancel)); // there is none
        await PutAsync(room, name, Json(room.Manifest()));
        BlobLeaseClient bot = room.TempBlob(name).GetBlobLeaseClient();
        await bot.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancel);
        Assert.Null(await room.Temp.CloseManifestAsync(room.Recording, Stop, Cancel));
        Assert.Equal(ManifestState.Recording, (await room.Temp.ReadManifestAsync(room.Recording, Cancel))!.State);
        await bot.ReleaseAsync(cancellationToken: Cancel);

        Assert.Null(await room.Temp.CloseManifestAsync(room.Recording, _ => null, Cancel)); // it is fresh after all
        Assert.Equal(ManifestState.Recording, (await room.Temp.ReadManifestAsync(room.Recording, Cancel))!.State);
        Assert.False((await room.Temp.FindAsync(name, Cancel))!.IsLeased);

        Assert.Equal(ManifestState.Stopped, (await room.Temp.CloseManifestAsync(room.Recording, Stop, Cancel))!.State);
        Assert.Equal(ManifestState.Stopped, (await room.Temp.ReadManifestAsync(room.Recording, Cancel))!.State);
        BlobProperties closed = await room.TempBlob(name).GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(("application/json", LeaseState.Available), (closed.ContentType, closed.LeaseState));

        await PutAsync(room, name, "{ no json");
        Assert.Null(await room.Temp.CloseManifestAsync(room.Recording, Stop, Cancel));
        Assert.False((await room.Temp.FindAsync(name, Cancel))!.IsLeased);

        static SessionManifest Stop(SessionManifest manifest) => manifest with { State = ManifestState.Stopped };
    }

    /// <summary>Bytes that were put in blocks bring no hash of their own: they are read.</summary>
    [Fact]
    public async Task Hash_of_bytes_that_bring_none_is_made()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = room.Segment(0).BlobName;
        BlockBlobClient blocks = room.Clients.Temp.GetBlockBlobClient(name);
        string id = Convert.ToBase64String("0"u8);
        await blocks.StageBlockAsync(id, new MemoryStream("wav"u8.ToArray()), cancellationToken: Cancel);
        await blocks.CommitBlockListAsync([id], cancellationToken: Cancel);
        TempBlob blob = (await room.Temp.FindAsync(name, Cancel))!;
        Assert.Null(blob.ContentMd5);
        Assert.Equal(Md5("wav"), await room.Temp.HashAsync(blob, Cancel));
        Assert.Equal(new BlobFingerprint(3, Md5("wav")), await BlobFingerprint.ReadAsync(room.TempBlob(name), Cancel));
        await PutAsync(room, name, "other");
        Assert.Equal(new BlobFingerprint(5, Md5("other")), await BlobFingerprint.ReadAsync(room.TempBlob(name), Cancel));
        Assert.Null(await BlobFingerprint.ReadAsync(room.TempBlob(name + "x"), Cancel));
        Assert.Null(await BlobFingerprint.ReadAsync(room.Clients.Foreign(room.TempBlob(name).Uri), Cancel)); // no right to look
    }

    private static string Json(SessionManifest manifest) =>
        JsonSerializer.Serialize(manifest, ContractsJsonContext.Default.SessionManifest);

    private static async Task PutAsync(StorageRoom room, string name, string text, string? message = null) =>
        await room.TempBlob(name).UploadAsync(new BinaryData(text), new BlobUploadOptions
        {
            Metadata = message is null ? null : new Dictionary<string, string> { [SegmentMetadata.Key] = message },
        }, Cancel);

    private static async Task<TempBlob> OnlyAsync(StorageRoom room, string prefix)
    {
        List<TempBlob> found = [];
        await foreach (TempBlob blob in room.Temp.ListAsync(prefix, Cancel)) found.Add(blob);
        return Assert.Single(found);
    }

#pragma warning disable CA5351 // Content-MD5 is what the service speaks.
    private static string Md5(string text) => Convert.ToBase64String(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}

using System.Net;
using System.Text;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

/// <summary>Which addresses are ours, what is read of them and by whom, and what is deleted of one person and of nobody else.</summary>
public sealed class RecordingsContainerTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_addresses_of_this_container_are_ours()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        RecordingsContainer container = room.Recordings;
        Uri ours = room.Clients.Recordings.GetBlobClient("a/b.wav").Uri;
        Assert.True(container.IsOurs(ours));
        Assert.Equal("a/b.wav", container.NameOf(ours));
        string text = ours.AbsoluteUri;
        string[] others =
        [
            text.Replace("http://", "https://", StringComparison.Ordinal),
            text.Replace("127.0.0.1", "127.0.0.2", StringComparison.Ordinal),
            text.Replace($":{ours.Port}", $":{ours.Port + 1}", StringComparison.Ordinal),
            text.Replace("/pipeline/", "/elsewhere/", StringComparison.Ordinal),
            text.Replace("/recordings/", "/segments-temp/", StringComparison.Ordinal),
            room.Clients.Recordings.Uri.AbsoluteUri,
        ];
        foreach (string other in others)
        {
            Assert.False(container.IsOurs(new Uri(other)), other);
            Assert.Null(container.NameOf(new Uri(other)));
            Assert.Null(await container.DescribeAsync(new Uri(other), Cancel));
            Assert.False(await container.TryReadAsync(new Uri(other), 0, new byte[1], 1, Cancel));
            await container.SettleAsync(new Uri(other), "", Cancel); // nothing is done to it
        }
        Assert.False(container.IsOurs(new Uri("/recordings/a/b.wav", UriKind.Relative)));
    }

    [Fact]
    public async Task Link_to_read_is_given_below_the_recording_it_was_asked_for_and_saves_under_the_person_s_name()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = await room.PutSegmentAsync(room.Clients.Recordings, 5, 12);
        Uri address = room.Clients.Recordings.GetBlobClient(name).Uri;
        Uri link = (await room.Recordings.ReadLinkAsync(room.Recording, address, Cancel))!;
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(link, Cancel);
        Assert.Equal("wav", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("Ada-012.wav", answer.Content.Headers.ContentDisposition!.FileNameStar);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition.DispositionType);
        Assert.InRange(StorageRoom.LifetimeOf(link).TotalMinutes, 59, 60);
        Assert.Null(await room.Recordings.ReadLinkAsync(RecordingId.New(TimeProvider.System), address, Cancel));
        Assert.Null(await room.Recordings.ReadLinkAsync(room.Recording, new Uri("https://elsewhere.example/a"), Cancel));

        string full = BlobPaths.Segment(new SegmentKey(room.Recording, 6, 3), "Ada King Lovelace", SegmentFormat.Opus);
        Uri saved = (await room.Recordings.ReadLinkAsync(room.Recording, room.Clients.Recordings.GetBlobClient(full).Uri, Cancel))!;
        Assert.Contains("Ada-King-Lovelace-003.opus", Uri.UnescapeDataString(saved.Query), StringComparison.Ordinal);
        await room.Clients.Recordings.GetBlobClient($"{room.Recording}/info.txt").UploadAsync(new BinaryData("text"), Cancel);
        Uri plain = (await room.Recordings.ReadLinkAsync(room.Recording,
            room.Clients.Recordings.GetBlobClient($"{room.Recording}/info.txt").Uri, Cancel))!;
        Assert.DoesNotContain("rscd=", plain.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_to_upload_creates_once_and_reads_nothing()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        Uri link = await room.Recordings.UploadUrlAsync($"{room.Recording}/5-Ada/segment_000.wav", Cancel);
        using HttpClient http = new();
        Assert.InRange(StorageRoom.LifetimeOf(link).TotalMinutes, 9, 10);
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, link));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, link));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(link, Cancel)).StatusCode);
    }

    [Fact]
    public async Task Stretch_is_read_only_of_a_file_that_is_as_long_as_it_should_be()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = await room.PutSegmentAsync(room.Clients.Recordings, 5, 0, "0123456789");
        Uri address = room.Clients.Recordings.GetBlobClient(name).Uri;
        byte[] part = new byte[4];
        Assert.True(await room.Recordings.TryReadAsync(address, 3, part, 10, Cancel));
        Assert.Equal("3456", Encoding.ASCII.GetString(part));
        byte[] all = new byte[10];
        Assert.True(await room.Recordings.TryReadAsync(address, 0, all, 10, Cancel));
        Assert.Equal("0123456789", Encoding.ASCII.GetString(all));
        Assert.False(await room.Recordings.TryReadAsync(address, 3, part, 11, Cancel));
        Assert.False(await room.Recordings.TryReadAsync(address, 7, part, 10, Cancel)); // three bytes are left
        Assert.False(await room.Recordings.TryReadAsync(address, 10, part, 10, Cancel));
        Assert.False(await room.Recordings.TryReadAsync(new Uri(address.AbsoluteUri + "x"), 0, part, 10, Cancel));
    }

    [Fact]
    public async Task Copy_forgets_where_it_came_from_and_says_what_it_is()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        string name = await room.PutSegmentAsync(room.Clients.Recordings, 5, 0);
        string md5 = Convert.ToBase64String(new byte[16]);
        await room.Recordings.SettleAsync(room.Clients.Recordings.GetBlobClient(name).Uri, md5, Cancel);
        BlobProperties settled = await room.Clients.Recordings.GetBlobClient(name).GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(("audio/wav", md5), (settled.ContentType, Convert.ToBase64String(settled.ContentHash)));
        Assert.Equal(new BlobFingerprint(3, md5),
            await room.Recordings.DescribeAsync(room.Clients.Recordings.GetBlobClient(name).Uri, Cancel));
    }

    /// <summary>Person 5 goes; 50 and 51, whose ids begin alike, stay, and so does what is no segment.</summary>
    [Fact]
    public async Task One_person_s_segments_go_and_nobody_else_s()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        for (int index = 0; index < 3; index++)
        {
            foreach (ulong user in new ulong[] { 5, 50, 51 }) await room.PutSegmentAsync(room.Clients.Recordings, user, index);
        }
        await room.Clients.Recordings.GetBlobClient($"{room.Recording}/5-notes.txt").UploadAsync(new BinaryData("text"), Cancel);

        Assert.Equal(3, await room.Recordings.DeletePersonAsync(room.Recording, 5, Cancel));
        Assert.Equal(0, await room.Recordings.DeletePersonAsync(room.Recording, 5, Cancel));
        List<(string Name, long Length)> left = [];
        await foreach ((string, long) blob in room.Recordings.LengthsAsync(room.Recording, Cancel)) left.Add(blob);
        Assert.Equal(7, left.Count);
        Assert.DoesNotContain(left, blob => blob.Name.Contains("/5-Ada/", StringComparison.Ordinal));
        Assert.All(left, blob => Assert.Equal(blob.Name.EndsWith(".txt", StringComparison.Ordinal) ? 4 : 3, blob.Length));
        Assert.Equal(7, await room.Recordings.CountAsync(room.Recording, 100, Cancel));
        Assert.Equal(4, await room.Recordings.CountAsync(room.Recording, 4, Cancel));

        Assert.Equal(4, await room.Recordings.DeleteSomeAsync(room.Recording, 4, Cancel));
        Assert.Equal(3, await room.Recordings.CountAsync(room.Recording, 100, Cancel));
        Assert.Equal(3, await room.Recordings.DeleteSomeAsync(room.Recording, 4, Cancel));
        Assert.Equal(0, await room.Recordings.DeleteSomeAsync(room.Recording, 4, Cancel));
    }

    [Fact]
    public async Task Recordings_are_listed_page_by_page_and_what_is_none_is_left_out()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 1);
        Assert.Equal((0, null), Told(await room.Recordings.ListRecordingsAsync(3, null, Cancel)));
        List<RecordingId> made = [];
        for (int i = 0; i < 5; i++)
        {
            RecordingId recording = RecordingId.New(TimeProvider.System);
            made.Add(recording);
            await room.Clients.Recordings.UploadBlobAsync($"{recording}/a", new BinaryData("x"), Cancel);
        }
        await room.Clients.Recordings.UploadBlobAsync("else/a", new BinaryData("x"), Cancel);
        await room.Clients.Recordings.UploadBlobAsync("a.txt", new BinaryData("x"), Cancel);

        List<RecordingId> found = [];
        string? continuation = null;
        int pages = 0;
        do
        {
            (IReadOnlyList<RecordingId> page, continuation) = await room.Recordings.ListRecordingsAsync(3, continuation, Cancel);
            Assert.InRange(page.Count, 0, 3);
            found.AddRange(page);
            pages++;
        }
        while (continuation is not null && pages < 10);
        Assert.Equal(made.Order(Comparer<RecordingId>.Create((a, b) => string.CompareOrdinal($"{a}", $"{b}"))), found);

        static (int, string?) Told((IReadOnlyList<RecordingId> Recordings, string? Continuation) page) =>
            (page.Recordings.Count, page.Continuation);
    }

    private static async Task<HttpStatusCode> PutAsync(HttpClient http, Uri link)
    {
        using HttpRequestMessage put = new(HttpMethod.Put, link) { Content = new StringContent("wav") };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(put, Cancel);
        return answer.StatusCode;
    }
}

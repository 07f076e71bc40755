using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Catalogue;

/// <summary>Rows of recordings, segments, parts, links and days, and that a request that fails is not passed over.</summary>
public sealed class CatalogueTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 20, 0, 0, TimeSpan.Zero);

    private readonly OneFault fault = new();
    private RenderStage stage = null!;
    private CatalogueTable catalogue = null!;
    private RecordingDetails details = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Id => details.Id;

    public async ValueTask InitializeAsync()
    {
        stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), transport: fault);
        catalogue = stage.Get<CatalogueTable>();
        details = (await catalogue.FindAsync($"{(await stage.BeginAsync()).Id}", Cancellation)).Recording!.Details;
    }

    public async ValueTask DisposeAsync()
    {
        await stage.DisposeAsync();
        fault.Dispose();
    }

    [Fact]
    public async Task Recordings_of_a_server_are_listed_newest_first_in_pages()
    {
        string[] ids = [.. Enumerable.Range(0, 4).Select(_ => NewId())];
        for (int day = 0; day < 4; day++)
        {
            RecordingDetails one = details with { Id = ids[day], GuildId = "91", RecordedAt = Start.AddDays(day) };
            Assert.True(await catalogue.TryAddAsync(new CatalogueRecording(one, null, null, null), Cancellation));
            Assert.False(await catalogue.TryAddAsync(new CatalogueRecording(one, null, null, null), Cancellation));
        }
        // One whose row is gone, and one that was first put with another time, do not count.
        await Table.DeleteEntityAsync(ids[2], "recording", cancellationToken: Cancellation);
        RecordingDetails moved = details with { Id = ids[1], GuildId = "91", RecordedAt = Start.AddDays(7) };
        Assert.False(await catalogue.TryAddAsync(new CatalogueRecording(moved, null, null, null), Cancellation));

        (List<CatalogueRecording> first, string? cursor) = await catalogue.ListAsync("91", 2, null, Cancellation);
        Assert.Equal([ids[3], ids[1]], first.Select(one => one.Details.Id));
        (List<CatalogueRecording> second, string? end) = await catalogue.ListAsync("91", 2, cursor, Cancellation);
        Assert.Equal([ids[0]], second.Select(one => one.Details.Id));
        Assert.Null(end);
        Assert.Equal(3, (await catalogue.ListAsync("91", 4, null, Cancellation)).Recordings.Count);
    }

    [Fact]
    public async Task Row_is_written_only_over_the_version_that_was_read_and_a_finished_recording_is_live_no_more()
    {
        CatalogueRecording read = (await catalogue.FindAsync(Id, Cancellation)).Recording!;
        Assert.True(await catalogue.TryUpdateAsync(read with { Details = details with { Title = "one" } }, Cancellation));
        Assert.False(await catalogue.TryUpdateAsync(read with { Details = details with { Title = "two" } }, Cancellation));
        Assert.True(await IsLiveAsync());
        read = (await catalogue.FindAsync(Id, Cancellation)).Recording!;
        Assert.Equal("one", read.Details.Title);
        RecordingDetails over = read.Details with { Status = RecordingStatus.Completed };
        Assert.True(await catalogue.TryUpdateAsync(read with { Details = over }, Cancellation));
        Assert.False(await IsLiveAsync());
        Assert.Equal(CatalogueEntry.Unknown, await catalogue.FindAsync(NewId(), Cancellation));
    }

    [Fact]
    public async Task Segments_are_read_whole_from_a_number_on_one_by_one_or_the_first()
    {
        await catalogue.WriteSegmentsAsync(Id, "set", Enumerable.Range(0, 3).Select(index => Segment("5", index)), Cancellation);
        await catalogue.WriteSegmentsAsync(Id, "set", [Segment("6", 3)], Cancellation, first: 3);
        await catalogue.WriteSegmentsAsync(Id, "set2", [Segment("7", 0)], Cancellation);
        Assert.Equal([0, 1, 2, 3], (await catalogue.ReadSegmentsAsync(Id, "set", Cancellation)).Select(one => one.SegmentIndex));
        Assert.Equal([0, 1], (await catalogue.ReadSegmentsAsync(Id, "set", Cancellation, most: 2)).Select(one => one.SegmentIndex));
        Assert.Equal([2, 3], await catalogue.ReadSegmentsFromAsync(Id, "set", 2, Cancellation)
            .Select(one => one.SegmentIndex).ToListAsync(Cancellation));
        Assert.Equal("6", (await catalogue.FindSegmentAsync(Id, "set", 3, Cancellation))!.UserId);
        Assert.Null(await catalogue.FindSegmentAsync(Id, "set", 4, Cancellation));
    }

    [Fact]
    public async Task Segments_of_people_go_from_one_set_or_from_all_but_an_announced_one()
    {
        string announced = $"{CatalogueRows.AnnouncedSet}x";
        foreach (string set in new[] { "one", "two", announced })
            await catalogue.WriteSegmentsAsync(Id, set, [Segment("5", 0), Segment("6", 0)], Cancellation);
        await catalogue.DeleteOfPeopleAsync(Id, "one", new HashSet<ulong> { 5 }, Cancellation);
        Assert.Equal((1, 2, 2), await CountsAsync());
        await catalogue.DeleteOfPeopleAsync(Id, null, new HashSet<ulong> { 5 }, Cancellation);
        Assert.Equal((1, 1, 2), await CountsAsync());
        await catalogue.DeleteSegmentsAsync(Id, "two", Cancellation);
        Assert.Equal((1, 0, 2), await CountsAsync());

        async Task<(int, int, int)> CountsAsync() => ((await catalogue.ReadSegmentsAsync(Id, "one", Cancellation)).Count,
            (await catalogue.ReadSegmentsAsync(Id, "two", Cancellation)).Count,
            (await catalogue.ReadSegmentsAsync(Id, announced, Cancellation)).Count);
    }

    [Fact]
    public async Task Part_is_written_once_and_another_one_in_its_place_is_refused()
    {
        ListPartTable parts = stage.Get<ListPartTable>();
        ListPart part = Part(0, "5", "6");
        Assert.True(await parts.TryWriteAsync(Id, "set", part, [Segment("5", 0), Segment("6", 0)], Cancellation));
        Assert.True(await parts.TryWriteAsync(Id, "set", part, [Segment("9", 0), Segment("9", 1)], Cancellation)); // nothing is written
        Assert.False(await parts.TryWriteAsync(Id, "set", part with { Hash = "other" }, [Segment("9", 0)], Cancellation));
        Assert.False(await parts.TryWriteAsync(Id, "set", part with { First = 1 }, [Segment("9", 0)], Cancellation));
        Assert.True(await parts.TryWriteAsync(Id, "set", Part(1, "6") with { First = 2 }, [Segment("6", 1)], Cancellation));
        Assert.Equal(["5", "6", "6"], (await catalogue.ReadSegmentsAsync(Id, "set", Cancellation)).Select(one => one.UserId));
        Assert.Equal([(0, 0, true), (1, 2, true)], (await parts.ReadAsync(Id, "set", Cancellation))
            .Select(one => (one.Number, one.First, one.IsWritten)));

        await parts.DeleteOfPersonAsync(Id, "9", Cancellation);
        Assert.Equal(2, (await parts.ReadAsync(Id, "set", Cancellation)).Count);
        await parts.DeleteOfPersonAsync(Id, "5", Cancellation);
        Assert.Equal([1], (await parts.ReadAsync(Id, "set", Cancellation)).Select(one => one.Number));
        Assert.Equal(3, (await catalogue.ReadSegmentsAsync(Id, "set", Cancellation)).Count);
        await parts.DeleteAsync(Id, "set", Cancellation);
        Assert.Empty(await parts.ReadAsync(Id, "set", Cancellation));
    }

    [Fact]
    public async Task Part_that_is_not_whole_is_not_listed()
    {
        await Table.UpsertEntityAsync(new TableEntity(Id, "part-set-00000") { ["IsWritten"] = true }, cancellationToken: Cancellation);
        Assert.Empty(await stage.Get<ListPartTable>().ReadAsync(Id, "set", Cancellation));
        await stage.Get<ListPartTable>().DeleteOfPersonAsync(Id, "5", Cancellation);
        Assert.False((await Table.GetEntityIfExistsAsync<TableEntity>(Id, "part-set-00000", cancellationToken: Cancellation)).HasValue);
    }

    [Fact]
    public void Places_are_in_order_by_time_person_and_number()
    {
        SegmentPosition place = new(1_000, "5", 7);
        Assert.Equal(0, place.CompareTo(place));
        foreach (SegmentPosition later in new[] { new SegmentPosition(1_001, "4", 0), place with { UserId = "55", SegmentIndex = 0 },
            place with { SegmentIndex = 8 } })
        {
            Assert.True(place.CompareTo(later) < 0, $"{later}");
            Assert.True(later.CompareTo(place) > 0, $"{later}");
        }
        Assert.Equal(921_600, CatalogueRows.LongestDetails);
    }

    [Fact]
    public async Task Link_is_open_until_its_end_and_keeps_the_time_when_it_was_revoked_first()
    {
        ShareTable shares = stage.Get<ShareTable>();
        ShareLink link = new(Id, "0123456789abcdef", [1], [2], ShareScopes.Listen | ShareScopes.Delete, Start, Start.AddDays(1), null);
        await shares.AddAsync(link with { ShareId = "fedcba9876543210", CreatedAt = Start.AddHours(-1) }, Cancellation);
        await shares.AddAsync(link, Cancellation);
        Assert.Equal(["fedcba9876543210", "0123456789abcdef"], (await shares.ListAsync(Id, Cancellation)).Select(one => one.ShareId));
        ShareLink found = (await shares.FindAsync(Id, link.ShareId, Cancellation))!;
        Assert.Equal((link.Scopes, link.CreatedAt, link.ExpiresAt), (found.Scopes, found.CreatedAt, found.ExpiresAt));
        Assert.Equal([1, 2], [.. found.SecretHash, .. found.TokenHash]);
        Assert.Null(found.RevokedAt);
        Assert.Equal((true, false), (found.IsOpenAt(link.ExpiresAt.AddTicks(-1)), found.IsOpenAt(link.ExpiresAt)));
        await shares.RevokeAsync(found, Start.AddHours(1), Cancellation);
        found = (await shares.FindAsync(Id, link.ShareId, Cancellation))!;
        await shares.RevokeAsync(found, Start.AddHours(2), Cancellation);
        found = (await shares.FindAsync(Id, link.ShareId, Cancellation))!;
        Assert.Equal((Start.AddHours(1), false), (found.RevokedAt, found.IsOpenAt(Start.AddHours(1))));
        Assert.Null(await shares.FindAsync(Id, "0000000000000000", Cancellation));
    }

    [Fact]
    public async Task Days_are_listed_soonest_first_and_none_lies_before_1970()
    {
        ExpiryTable expiries = stage.Get<ExpiryTable>();
        await expiries.AddAsync("b", Start, Cancellation);
        await expiries.AddAsync("a", DateTimeOffset.UnixEpoch.AddYears(-10), Cancellation);
        await expiries.MarkToldAsync(new Expiry("b", Start, false), Cancellation);
        Assert.Equal([new Expiry("a", DateTimeOffset.UnixEpoch, false), new Expiry("b", Start, true)],
            await expiries.ListAsync(Start.AddMilliseconds(1), Cancellation).ToListAsync(Cancellation));
        Assert.Equal(["a"], await expiries.ListAsync(Start, Cancellation).Select(one => one.RecordingId).ToListAsync(Cancellation));
        foreach (Expiry one in await expiries.ListAsync(Start.AddDays(1), Cancellation).ToListAsync(Cancellation))
            await expiries.RemoveAsync(one, Cancellation);
        Assert.Empty(await expiries.ListAsync(Start.AddDays(1), Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Erased_people_are_known_one_by_one_and_together()
    {
        ErasedPeople erased = stage.Get<ErasedPeople>();
        RecordingId id = RecordingId.Parse(Id);
        Assert.Empty(await erased.OfAsync(id, Cancellation));
        await erased.AddAsync(id, 5, Cancellation);
        await erased.AddAsync(id, ulong.MaxValue, Cancellation);
        Assert.Equal(new ulong[] { 5, ulong.MaxValue }, (await erased.OfAsync(id, Cancellation)).Order());
        Assert.Equal((true, false), (await erased.HoldsAsync(id, 5, Cancellation), await erased.HoldsAsync(id, 55, Cancellation)));
    }

    [Fact]
    public async Task Nothing_is_told_as_written_that_is_not()
    {
        ListPartTable parts = stage.Get<ListPartTable>();
        string set = "";
        int turn = 0, added = await fault.InEveryPlaceAsync(() => Task.CompletedTask, () =>
            catalogue.TryAddAsync(new CatalogueRecording(details with { Id = NewId() }, null, null, null), Cancellation));
        int over = await fault.InEveryPlaceAsync(() => Task.CompletedTask, async () =>
        {
            CatalogueRecording read = (await catalogue.FindAsync(Id, Cancellation)).Recording!;
            await catalogue.TryUpdateAsync(read with { Details = details with { Status = RecordingStatus.Completed } }, Cancellation);
        });
        int written = await fault.InEveryPlaceAsync(() =>
        {
            set = $"set{turn++}";
            return Task.CompletedTask;
        },
        () => parts.TryWriteAsync(Id, set, Part(0, "5"), [Segment("5", 0)], Cancellation));
        int forgotten = await fault.InEveryPlaceAsync(
            async () => await parts.TryWriteAsync(Id, set, Part(0, "5"), [Segment("5", 0)], Cancellation),
            async () =>
            {
                await parts.DeleteOfPersonAsync(Id, "5", Cancellation);
                await catalogue.DeleteOfPeopleAsync(Id, null, new HashSet<ulong> { 5 }, Cancellation);
            });
        ShareLink link = new(Id, "0123456789abcdef", [1], [2], ShareScopes.Listen, Start, Start.AddDays(1), null);
        int revoked = await fault.InEveryPlaceAsync(() => Task.CompletedTask,
            () => stage.Get<ShareTable>().RevokeAsync(link, Start, Cancellation));
        Assert.Equal((3, 3, 5, 1), (added, over, written, revoked));
        Assert.InRange(forgotten, 6, 9);
    }

    private static string NewId() => $"{RecordingId.New(TimeProvider.System)}";

    private TableClient Table => stage.Storage.Tables.GetTableClient(StorageNames.CatalogueTable);

    private async Task<bool> IsLiveAsync() =>
        await catalogue.ListLiveAsync(Cancellation).AnyAsync(one => one.RecordingId == Id, Cancellation);

    private static ListPart Part(int number, params string[] people) => new(number, $"hash {number}", 0, IsWritten: false,
        new ListPartSummary
        {
            Count = people.Length,
            First = SegmentPosition.Of(Segment(people[0], 0)),
            Last = SegmentPosition.Of(Segment(people[^1], 0)),
            LongestSegment = 1_000,
            Tracks = [.. people.Select(user => new PartTrack(user, user, 0, 0, 48_000, 48_000, [new IndexRange(0, 0)]))],
        });

    private static RecordingSegment Segment(string userId, int index) => new()
    {
        UserId = userId,
        Username = $"user {userId}",
        SegmentIndex = index,
        FileName = "segment.wav",
        FilePath = "segment.wav",
        AbsoluteStartTime = 1_000 + index,
        AbsoluteEndTime = 2_000,
        Duration = 1_000,
        FileSize = 4,
        Format = "wav",
        BlobUrl = "https://a.example/segment.wav",
    };
}

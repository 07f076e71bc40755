using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Guilds;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

public sealed class GuildSettingsTests(AzuriteFixture azurite, AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_people_who_opt_out_at_once_are_all_kept_and_each_can_come_back()
    {
        App app = shared.App;
        ulong[] people = [.. Enumerable.Range(1, 20).Select(i => 900_000_000_000_000_000UL + (ulong)i)];
        HttpResponseMessage[] answers = await Task.WhenAll(people.Select(user => app.Http.PutAsync(OptOut(801, user), null, Cancellation)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode));
        Assert.Equal(people.Select(user => user.ToString()), await PeopleAsync(app, 801));

        Assert.Equal(HttpStatusCode.NoContent, (await app.Http.PutAsync(OptOut(801, people[0]), null, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await app.Http.DeleteAsync(OptOut(801, people[7]), Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await app.Http.DeleteAsync(OptOut(801, people[7]), Cancellation)).StatusCode);
        Assert.Equal(people.Except([people[7]]).Select(user => user.ToString()), await PeopleAsync(app, 801));
        Assert.Equal(HttpStatusCode.BadRequest,
            (await app.Http.PutAsync(new Uri("api/guilds/801/settings/opt-outs/x", UriKind.Relative), null, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Twenty_writers_of_the_whole_document_undo_nobody_with_if_match()
    {
        App app = shared.App;
        int refused = 0;
        await Task.WhenAll(Enumerable.Range(1, 20).Select(async i =>
        {
            LoopLimit limit = new($"writer {i} is not overtaken");
            while (true)
            {
                limit.Turn();
                using HttpResponseMessage read = await app.Http.GetAsync(Settings(802), Cancellation);
                JsonNode document = JsonNode.Parse(await read.Content.ReadAsStringAsync(Cancellation))!;
                document["optedOutUserIds"]!.AsArray().Add(i.ToString());
                HttpStatusCode status = await PutAsync(app, 802, document, read.Headers.ETag!.Tag);
                if (status == HttpStatusCode.OK) return;
                Assert.Equal(HttpStatusCode.PreconditionFailed, status);
                Interlocked.Increment(ref refused);
            }
        }));
        Assert.Equal(20, (await PeopleAsync(app, 802)).Length);
        Assert.True(refused > 0);
    }

    [Fact]
    public async Task Stale_document_is_refused_and_a_known_one_is_not_sent_again()
    {
        App app = shared.App;
        using HttpResponseMessage first = await app.Http.GetAsync(Settings(803), Cancellation);
        string etag = first.Headers.ETag!.Tag;
        await app.Http.PutAsync(OptOut(803, 5), null, Cancellation);
        JsonObject mine = new() { ["announceMode"] = "text", ["optedOutUserIds"] = new JsonArray() };
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(app, 803, mine, etag));
        Assert.Equal(["5"], await PeopleAsync(app, 803));
        using HttpResponseMessage now = await app.Http.GetAsync(Settings(803), Cancellation);
        Assert.NotEqual(etag, now.Headers.ETag!.Tag);
        using HttpRequestMessage again = new(HttpMethod.Get, Settings(803));
        again.Headers.TryAddWithoutValidation("If-None-Match", now.Headers.ETag.Tag);
        Assert.Equal(HttpStatusCode.NotModified, (await app.Http.SendAsync(again, Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("\"x\", @", HttpStatusCode.OK)]
    [InlineData("W/@", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"x\", \"y\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"x\"\n\"y\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("x", HttpStatusCode.PreconditionFailed)]
    public async Task Expected_tags_are_a_list_of_which_one_is_the_same(string header, HttpStatusCode expected)
    {
        App app = shared.App;
        using HttpResponseMessage first = await app.Http.GetAsync(Settings(811), Cancellation);
        using HttpRequestMessage request = new(HttpMethod.Put, Settings(811));
        request.Content = new StringContent("""{"optedOutUserIds":["5"]}""", Encoding.UTF8, "application/json");
        // A header may stand twice.
        foreach (string line in header.Replace("@", first.Headers.ETag!.Tag, StringComparison.Ordinal).Split('\n'))
            request.Headers.TryAddWithoutValidation("If-Match", line);

        Assert.Equal(expected, (await app.Http.SendAsync(request, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Two_thousand_and_more_people_fit()
    {
        App app = shared.App;
        JsonObject many =
            new() { ["optedOutUserIds"] = new JsonArray([.. Enumerable.Range(1, 2_500).Select(i => JsonValue.Create(i.ToString()))]) };
        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, 804, many, null));
        await app.Http.PutAsync(OptOut(804, 9_999), null, Cancellation);
        Assert.Equal(2_501, (await PeopleAsync(app, 804)).Length);
    }

    [Theory]
    [InlineData(60_000, HttpStatusCode.OK)]
    [InlineData(70_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Everything_but_the_people_has_a_size(int length, HttpStatusCode expected)
    {
        App app = shared.App;
        JsonObject document = new() { ["optedOutUserIds"] = new JsonArray("5"), ["colour"] = new string('x', length) };

        using HttpResponseMessage answer = await app.Http.PutAsync(Settings(810),
            new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json"), Cancellation);

        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.OK) return;
        Assert.Contains("beside optedOutUserIds", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"optedOutUserIds":[],"colour":"\uD800"}""")]
    [InlineData("""{"optedOutUserIds":[],"colour":{"a":["\uDC00x"]}}""")]
    [InlineData("""{"optedOutUserIds":[],"colour":{"\uDC00x":1}}""")]
    [InlineData("""{"optedOutUserIds":[],"\uD800":1}""")]
    public async Task Text_that_cannot_be_written_is_not_kept(string document)
    {
        App app = shared.App;

        using HttpResponseMessage answer = await app.Http.PutAsync(Settings(812),
            new StringContent(document, Encoding.UTF8, "application/json"), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync(Settings(812), Cancellation)).StatusCode);
    }

    [Fact]
    public async Task List_of_an_older_version_is_kept_and_can_be_left()
    {
        App app = shared.App;
        await app.Http.GetAsync(Settings(805), Cancellation); // makes the table
        TableClient table = new(azurite.ConnectionString, StorageNames.SettingsTable);
        await table.UpsertEntityAsync(new TableEntity("805", "settings") { ["Json"] = Encoding.UTF8.GetBytes("""{"announceMode":"text","optedOutUserIds":["5","6"]}""") }, cancellationToken: Cancellation);
        await app.Http.PutAsync(OptOut(805, 7), null, Cancellation);
        Assert.Equal(["5", "6", "7"], await PeopleAsync(app, 805));
        await app.Http.DeleteAsync(OptOut(805, 5), Cancellation);
        Assert.Equal(["6", "7"], await PeopleAsync(app, 805));
        Assert.Contains("\"announceMode\":\"text\"", await app.Http.GetStringAsync(Settings(805), Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recorderRoleId", "\"1\"", "\"0\"")]
    [InlineData("keepDays", "0", "-1")]
    [InlineData("keepDays", "3650", "3651")]
    [InlineData("consent", "\"required\"", "\"yes\"")]
    [InlineData("consent", "\"off\"", "\"\"")]
    [InlineData("announceMode", "\"12345678901234567890123456789012\"", "\"123456789012345678901234567890123\"")]
    [InlineData("optedOutUserIds", "[\"5\"]", "null")]
    [InlineData("optedOutUserIds", "[]", "[\"5\",\"x\"]")]
    public async Task Choice_is_taken_up_to_its_limit_and_named_beyond_it(string field, string taken, string refused)
    {
        App app = shared.App;
        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, 806, Document(taken), null));
        using HttpResponseMessage answer = await app.Http.PutAsync(Settings(806),
            new StringContent(Document(refused).ToJsonString(), Encoding.UTF8, "application/json"), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{field}", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

        JsonObject Document(string value) => new() { ["optedOutUserIds"] = new JsonArray(), [field] = JsonNode.Parse(value) };
    }

    [Theory]
    [InlineData(1, "1", "2", "3", 1, true)]
    [InlineData(100, "1", "2", "3", 99, true)]
    [InlineData(101, "1", "2", "3", 1, false)]
    [InlineData(1, "0", "2", "3", 1, false)]
    [InlineData(1, "1", "0", "3", 1, false)]
    [InlineData(1, "1", "2", "0", 1, false)]
    [InlineData(1, "1", "2", "3", 0, false)]
    [InlineData(1, "1", "2", "3", 100, false)]
    public async Task Rules_are_a_hundred_and_of_one_to_ninety_nine_people(int count, string channel, string bot, string setBy, int people,
        bool isTaken)
    {
        App app = shared.App;
        JsonArray rules = [.. Enumerable.Range(0, count).Select(_ => new JsonObject
        {
            ["channelId"] = channel,
            ["botId"] = bot,
            ["setBy"] = setBy,
            ["people"] = people,
        })];
        Assert.Equal(isTaken ? HttpStatusCode.OK : HttpStatusCode.BadRequest,
            await PutAsync(app, 807, new JsonObject { ["optedOutUserIds"] = new JsonArray(), ["autoRecord"] = rules }, null));
    }

    [Fact]
    public async Task People_are_kept_once_and_in_order_and_a_star_matches_whatever_is_there()
    {
        App app = shared.App;
        JsonObject document = new() { ["optedOutUserIds"] = new JsonArray("7", "5", "7") };
        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, 808, document, null));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, 808, document, "*"));
        Assert.Equal(["5", "7"], await PeopleAsync(app, 808));
        StoredGuildSettings stored = new(new GuildSettings { OptedOutUserIds = ["5", "x", "-1", "7"] }, null, IsOfOlderVersion: false);
        Assert.Equal([5UL, 7], (ulong[])[.. stored.OptedOut().Order()]);
    }

    private static Uri Settings(ulong guild) => new($"api/guilds/{guild}/settings", UriKind.Relative);

    private static Uri OptOut(ulong guild, ulong user) => new($"api/guilds/{guild}/settings/opt-outs/{user}", UriKind.Relative);

    private static async Task<string[]> PeopleAsync(App app, ulong guild)
    {
        using JsonDocument document = JsonDocument.Parse(await app.Http.GetStringAsync(Settings(guild), Cancellation));
        return [.. document.RootElement.GetProperty("optedOutUserIds").EnumerateArray().Select(user => user.GetString()!)];
    }

    private static async Task<HttpStatusCode> PutAsync(App app, ulong guild, JsonNode document, string? etag)
    {
        using HttpRequestMessage request = new(HttpMethod.Put,
            Settings(guild))
        { Content = new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json") };
        if (etag is not null) request.Headers.TryAddWithoutValidation("If-Match", etag);
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }
}

using System.Net;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Segments;
using Pipeline.Functions.Hosting;
using Pipeline.Functions.Storage;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Hosting;

public sealed class TriggerEnvelopeTests(AzuriteFixture azurite)
{
    // Captured from the Functions host 4.1037: a queue message that is JSON, with its fields written over the metadata.
    private const string CapturedJson = """
        {"Data":{"item":"\"{\\\"kind\\\":\\\"ok\\\",\\\"Id\\\":\\\"my-own-id\\\",\\\"n\\\":{\\\"x\\\":1},\\\"list\\\":[1,2],\\\"text\\\":\\\"äöü \\\\\\\"q\\\\\\\" <b>\\\"}\""},
         "Metadata":{"DequeueCount":"1","ExpirationTime":"2026-11-29T15:31:39+00:00","Id":"\"my-own-id\"","InsertionTime":"2026-11-22T15:31:39+00:00",
          "NextVisibleTime":"2026-11-22T15:41:40+00:00","PopReceipt":"\"MjJOb3YyMDI2MTU6MzE6NDBhMTRh\"",
          "sys":{"MethodName":"QueueFn","UtcNow":"2026-11-22T15:31:40.1594207Z","RandGuid":"6b4003ea-0000-0000-0000-000000000000"},
          "kind":"\"ok\"","n":{"x":1},"text":"\"äöü \\\"q\\\" <b>\""}}
        """;

    [Fact]
    public void Captured_envelope_gives_the_message_as_it_was_sent() =>
        Assert.Equal("""{"kind":"ok","Id":"my-own-id","n":{"x":1},"list":[1,2],"text":"äöü \"q\" <b>"}""", Read(CapturedJson));

    [Theory]
    [InlineData("""{"Data":{"item":"\"plain text ok\""},"Metadata":{}}""", "plain text ok")]
    [InlineData("""{"Data":{"item":"{\"a\":1}"},"Metadata":{}}""", """{"a":1}""")]
    [InlineData("""{"Data":{"item":{"a":1}},"Metadata":{}}""", """{"a":1}""")]
    [InlineData("""{"data":{"other":"\"{}\""}}""", "{}")]
    public void Doubled_plain_and_inline_messages_are_all_read(string envelope, string text) => Assert.Equal(text, Read(envelope));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Data":{}}""")]
    [InlineData("""{"Data":null}""")]
    [InlineData("""{"Data":{"item":"\"broken"}}""")]
    public void What_is_no_envelope_is_malformed(string envelope) => Assert.Throws<MalformedMessageException>(() => Read(envelope));

    [Fact]
    public async Task Own_envelope_looks_like_the_captured_one()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        string text = Read(CapturedJson);
        string name = "envelope-test";
        await app.Storage.Queues.CreateQueueAsync(name, cancellationToken: TestContext.Current.CancellationToken);
        await app.Get<MessageQueues>().SendAsync(name, text, TimeSpan.Zero, TestContext.Current.CancellationToken);
        QueueItem item = Assert.Single(await new LocalQueue(app.Storage, name).ReceiveAsync(16, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));

        using JsonDocument own = JsonDocument.Parse(TriggerEnvelope.Write(new QueueFunction("QueueFn", "item", name), item, TimeProvider.System.GetUtcNow()));
        using JsonDocument captured = JsonDocument.Parse(CapturedJson);

        Assert.Equal(text, TriggerEnvelope.ReadMessage(own.RootElement, "item"));
        JsonElement ownData = own.RootElement.GetProperty("Metadata"), hostData = captured.RootElement.GetProperty("Metadata");
        Assert.Equal(hostData.EnumerateObject().Select(field => field.Name).Order(), ownData.EnumerateObject().Select(field => field.Name).Order());
        foreach (string same in new[] { "DequeueCount", "Id", "kind", "n", "text" }) Assert.Equal(hostData.GetProperty(same).ToString(), ownData.GetProperty(same).ToString());
    }

    [Theory]
    [InlineData("MoveSegment", "not json at all")]
    [InlineData("MoveSegment", "{}")]
    [InlineData("StartRecording", """{"version":99}""")]
    [InlineData("FinalizeRecording", "null")]
    public async Task Malformed_message_fails_with_a_json_object_and_one_log_line(string function, string text)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);

        Assert.False(await app.TriggerAsync(function, text));

        Assert.Single(app.Log.Lines, line => line.EventId == 5032);
        Assert.DoesNotContain(app.Log.Lines, line => line.Exception is not null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    public async Task Body_that_is_no_json_fails_with_a_json_object(string body)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        using HttpResponseMessage response = await app.PostAsync("MoveSegment", body);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(JsonValueKind.Object, answer.RootElement.ValueKind);
    }

    private static string Read(string envelope)
    {
        using JsonDocument body = JsonDocument.Parse(envelope);
        return TriggerEnvelope.ReadMessage(body.RootElement, "item");
    }
}

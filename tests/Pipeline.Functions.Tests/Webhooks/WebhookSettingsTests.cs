using Microsoft.Extensions.Configuration;
using Pipeline.Functions.Local;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.Settings;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Webhooks;

public sealed class WebhookSettingsTests
{
    private static readonly string Secret = WebhookSecret.New().Reveal(), OldSecret = WebhookSecret.New().Reveal();

    [Fact]
    public void Numbers_need_not_follow_each_other_and_two_secrets_are_one_being_replaced()
    {
        (string, string?)[] values =
        [
            ("Webhooks:0:Url", "https://a.example/hook?token=1"), ("Webhooks:0:Secret", Secret),
            ("Webhooks:3:Url", "https://b.example/"), ("Webhooks:3:Secret", $"{Secret} {OldSecret}"),
            ("Webhooks:3:Events", "recording.started, segment.stored"), ("Webhooks:3:GuildId", "77"),
        ];
        WebhookOptions local = LocalSettings.Read(Configuration(values)).Api.Webhooks;

        Assert.False(local.AllowPrivate);
        Assert.Equal(["0", "3"], local.Endpoints.Select(webhook => webhook.Id));
        Assert.Equal(["https://a.example/hook?token=1", "https://b.example/"], local.Endpoints.Select(webhook => webhook.Url.AbsoluteUri));
        Assert.Equal([Secret, OldSecret], local.Endpoints[1].Secrets);
        Assert.Equal(["recording.started", "segment.stored"], local.Endpoints[1].Events);
        Assert.Equal((null, "77"), (local.Endpoints[0].GuildId, local.Endpoints[1].GuildId));
    }

    [Fact]
    public void All_that_is_wrong_is_named_at_once_and_no_secret_is_shown()
    {
        InvalidSettingsException wrong = Assert.Throws<InvalidSettingsException>(() => LocalSettings.Read(Configuration(
            ("Webhooks:0:Url", "http://a.example/hook?token=12345"), ("Webhooks:0:Secret", "short-secret"),
            ("Webhooks:1:Secret", Secret), ("Webhooks:1:Events", "recording.exploded"),
            ("Webhooks:2:Url", "https://c.example/"), ("Webhooks:2:GuildId", "the table"),
            ("Webhooks:AllowPrivat", "true"), ("Webhooks:4:Sekret", "x"))));

        string[] lines = wrong.Message.Split('\n');
        foreach (string name in new[] { "Webhooks__0__Url", "Webhooks__0__Secret", "Webhooks__1__Url", "Webhooks__1__Events",
            "Webhooks__2__Secret", "Webhooks__2__GuildId", "Webhooks__AllowPrivat ", "Webhooks__4__Sekret" })
            Assert.Contains(lines, line => line.StartsWith(name, StringComparison.Ordinal));
        Assert.Equal(8, lines.Length);
        Assert.Contains("did you mean Webhooks__N__Secret?", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("short-secret", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("12345", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_http_is_taken_where_private_receivers_are_allowed()
    {
        WebhookOptions options = LocalSettings.Read(Configuration(
            ("Webhooks:0:Url", "http://127.0.0.1:9/hook"), ("Webhooks:0:Secret", Secret), ("Webhooks:AllowPrivate", "yes"))).Api.Webhooks;
        Assert.True(options.AllowPrivate);
        Assert.Single(options.Endpoints);
    }

    private static SettingSources Configuration(params (string Name, string? Value)[] values) => new(new ConfigurationBuilder()
        .AddInMemoryCollection(values.Append(("PipelineStorage", Azurite.ConnectionStringThrough(1, 2, 3)))
            .Select(value => KeyValuePair.Create(value.Item1, value.Item2))).Build());
}

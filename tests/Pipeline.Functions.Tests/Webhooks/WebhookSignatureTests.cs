using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pipeline.RecordingApi.Webhooks;
using Pipeline.TestKit;
using StandardWebhooks;

namespace Pipeline.Functions.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    private const string Body = """{"type":"recording.started","data":{"title":"Überfall 🎙"}}""";

    /// <summary>The verifier is another implementation of the standard.</summary>
    [Fact]
    public void Signature_is_taken_by_another_implementation_and_a_changed_body_is_not()
    {
        WebhookSecret secret = WebhookSecret.New();
        StandardWebhook verifier = new(secret.Reveal());
        HeaderDictionary headers = Headers([secret], Body);

        verifier.Verify(Body, headers);
        Assert.ThrowsAny<Exception>(() => verifier.Verify(Body.Replace("started", "deleted", StringComparison.Ordinal), headers));
        Assert.ThrowsAny<Exception>(() => new StandardWebhook(WebhookSecret.New().Reveal()).Verify(Body, headers));
    }

    [Fact]
    public void While_a_secret_is_replaced_both_verify()
    {
        WebhookSecret newer = WebhookSecret.New(), older = WebhookSecret.New();
        HeaderDictionary headers = Headers([newer, older], Body);

        // This verifier takes one signature at a time; receivers are told to take any that fits.
        string[] signatures = headers[WebhookSignature.SignatureHeader].ToString().Split(' ');
        Assert.Equal(2, signatures.Length);
        headers[WebhookSignature.SignatureHeader] = signatures[0];
        new StandardWebhook(newer.Reveal()).Verify(Body, headers);
        headers[WebhookSignature.SignatureHeader] = signatures[1];
        new StandardWebhook(older.Reveal()).Verify(Body, headers);
    }

    /// <summary>The standard's own JavaScript package, which takes any of several signatures.</summary>
    [Fact]
    public async Task Signature_is_taken_by_the_javascript_package_also_while_a_secret_is_replaced()
    {
        WebhookSecret newer = WebhookSecret.New(), older = WebhookSecret.New();
        HeaderDictionary headers = Headers([newer, older], Body);

        Assert.Equal((0, Body), await JavaScriptAsync(newer, headers, Body));
        Assert.Equal((0, Body), await JavaScriptAsync(older, headers, Body));
        (int code, string said) = await JavaScriptAsync(WebhookSecret.New(), headers, Body);
        Assert.Equal(1, code);
        Assert.Contains("No matching signature", said, StringComparison.Ordinal);
        Assert.Equal(1, (await JavaScriptAsync(newer, headers, Body.Replace("started", "deleted", StringComparison.Ordinal))).Code);
    }

    /// <summary>The example of the standard's own document.</summary>
    [Fact]
    public void Published_example_gives_the_published_signature()
    {
        Assert.True(WebhookSecret.TryParse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out WebhookSecret secret));
        string signature = WebhookSignature.Of(
            [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1_614_265_330), """{"test": 2432232314}"""u8);
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_not base64!")]
    [InlineData("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")] // 23 bytes
    [InlineData("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")] // 65 bytes
    public void Secret_of_another_form_is_refused(string? text) => Assert.False(WebhookSecret.TryParse(text, out _));

    [Fact]
    public void Secret_does_not_show_itself_by_accident()
    {
        WebhookSecret secret = WebhookSecret.New();
        Assert.DoesNotContain(secret.Reveal()["whsec_".Length..], $"{secret}", StringComparison.Ordinal);
        Assert.True(WebhookSecret.TryParse(secret.Reveal(), out WebhookSecret same));
        Assert.Equal(secret.Key.ToArray(), same.Key.ToArray());
    }

    private static async Task<(int Code, string Said)> JavaScriptAsync(WebhookSecret secret, HeaderDictionary headers, string body)
    {
        Dictionary<string, object> given = new()
        {
            ["secret"] = secret.Reveal(),
            ["headers"] = headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
            ["body"] = body,
        };
        await using ChildProcess node = ChildProcess.Start("node", [RepositoryRoot.Combine("tests", "peers", "webhooks", "verify.mjs")]);
        await node.Input.WriteAsync(System.Text.Json.JsonSerializer.Serialize(given));
        node.Input.Close();
        int code = await node.WaitForExitAsync(TimeSpan.FromMinutes(1));
        using System.Text.Json.JsonDocument? answer = code == 0 ? System.Text.Json.JsonDocument.Parse(string.Concat(node.Lines)) : null;
        bool isSame = answer is not null && System.Text.Json.JsonElement.DeepEquals(answer.RootElement,
            System.Text.Json.JsonDocument.Parse(body).RootElement);
        return (code, isSame ? body : string.Concat(node.Lines));
    }

    private static HeaderDictionary Headers(WebhookSecret[] secrets, string body)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return new HeaderDictionary
        {
            [WebhookSignature.IdHeader] = "evt_1",
            [WebhookSignature.TimestampHeader] = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            [WebhookSignature.SignatureHeader] = WebhookSignature.Of(secrets, "evt_1", now, Encoding.UTF8.GetBytes(body)),
        };
    }
}

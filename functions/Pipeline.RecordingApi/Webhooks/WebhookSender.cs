using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Microsoft.Security.AntiSSRF;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>What a receiver made of a delivery.</summary>
public enum DeliveryOutcome
{
    /// <summary>It answered with 2xx.</summary>
    Taken,

    /// <summary>Another answer, none in time, or no connection: try again.</summary>
    Failed,

    /// <summary>410: it wants no more.</summary>
    Gone,
}

/// <summary>One try of a delivery.</summary>
/// <param name="Reason">What happened, for a person; empty where it was taken.</param>
/// <param name="RetryAfter">What the receiver asked for.</param>
public readonly record struct DeliveryTry(DeliveryOutcome Outcome, string Reason, TimeSpan? RetryAfter = null);

/// <summary>
/// Sends signed bodies. The address is checked where the connection is made, after its name was resolved, so that a name that points into
/// a private network is refused however it got there; redirects are not followed, answers are not read beyond their headers.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient client;
    private readonly TimeProvider time;

    public WebhookSender(WebhookOptions options, TimeProvider time)
    {
        this.time = time;
        AntiSSRFPolicy policy = new(options.AllowPrivate ? PolicyConfigOptions.None : PolicyConfigOptions.ExternalOnlyLatest)
        {
            AllowPlainTextHttp = options.AllowPrivate,
            AddXFFHeader = false,
        };
        AntiSSRFHandler handler = policy.GetHandler();
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(
            new ProductInfoHeaderValue("Pipeline", typeof(WebhookSender).Assembly.GetName().Version?.ToString(3)));
    }

    /// <summary>Sends once; never throws for what the receiver or the network does.</summary>
    public async Task<DeliveryTry> SendAsync(Webhook webhook, string eventId, byte[] body, CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        using HttpRequestMessage request = new(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(WebhookSignature.IdHeader, eventId);
        request.Headers.Add(WebhookSignature.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Of(webhook.Secrets, eventId, now, body));
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (answer.IsSuccessStatusCode) return new DeliveryTry(DeliveryOutcome.Taken, "");
            DeliveryOutcome outcome = answer.StatusCode == HttpStatusCode.Gone ? DeliveryOutcome.Gone : DeliveryOutcome.Failed;
            TimeSpan? wait = answer.Headers.RetryAfter is { } asked ? asked.Delta ?? asked.Date - now : null;
            return new DeliveryTry(outcome, $"it answered {(int)answer.StatusCode}", wait);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new DeliveryTry(DeliveryOutcome.Failed, $"it did not answer within {Patience.TotalSeconds:0} s");
        }
        // Whatever it is: the handler makes the connection by itself, and passes bare what name, socket or certificate ended in.
        catch (Exception unreachable) when (!cancellation.IsCancellationRequested)
        {
            return new DeliveryTry(DeliveryOutcome.Failed, Why(unreachable));
        }
    }

    private static string Why(Exception unreachable)
    {
        Exception[] both = [unreachable, unreachable.InnerException ?? unreachable];
        if (both.Any(fault => fault is AntiSSRFException))
            return "its address lies in a private network or is not https; Webhooks__AllowPrivate allows that";
        string what = unreachable.GetBaseException().Message.Split('\n')[0].Trim();
        bool isCertificate = both.Any(fault => fault is AuthenticationException);
        return $"{(isCertificate ? "its certificate is not valid" : "it cannot be reached")} ({what})";
    }

    public void Dispose() => client.Dispose();
}

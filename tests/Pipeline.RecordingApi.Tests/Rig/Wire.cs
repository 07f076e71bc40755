using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Pipeline.RecordingApi.Tests.Rig;

/// <summary>The way to the storage, which a test can cut after so many requests.</summary>
internal sealed class Wire : HttpPipelineTransport, IDisposable
{
    public const string Message = "the storage is away";

    private readonly HttpClientTransport inner = new();
    private int left = int.MaxValue;

    /// <summary>Addresses of all requests so far.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public void CutAfter(int requests) => Volatile.Write(ref left, requests);

    public void Mend() => CutAfter(int.MaxValue);

    public void Dispose() => inner.Dispose();

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    // No lost connection, which the SDK would wait for.
    public override ValueTask ProcessAsync(HttpMessage message)
    {
        Asked.Enqueue(Uri.UnescapeDataString(message.Request.Uri.ToString()));
        return Interlocked.Decrement(ref left) < 0 ? throw new InvalidOperationException(Message) : inner.ProcessAsync(message);
    }
}

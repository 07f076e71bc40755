using Azure.Core;
using Azure.Core.Pipeline;

namespace Pipeline.TestKit;

/// <summary>
/// Fails one request to the storage and lets all others through: who does not wait for that one goes on as if it had been done.
/// </summary>
public sealed class OneFault : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport inner = new();
    private readonly AsyncLocal<bool> isOfCaller = new();
    private int left = int.MaxValue;
    private string failed = "";

    /// <summary>
    /// Only requests that a run itself makes are counted: not those of a server in this process, whose failed answers are asked for again.
    /// </summary>
    public bool OnlyOfCaller { get; init; }

    public void Dispose() => inner.Dispose();

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    // No cancellation and no lost connection: the SDK would try those again.
    public override ValueTask ProcessAsync(HttpMessage message)
    {
        if ((OnlyOfCaller && !isOfCaller.Value) || Interlocked.Decrement(ref left) != -1) return inner.ProcessAsync(message);
        failed = $"{message.Request.Method} {message.Request.Uri.Path}";
        throw new InvalidOperationException("the storage has failed once");
    }

    /// <summary>Fails the first, second, third … request, each in a run of its own, until a run has fewer.</summary>
    /// <param name="prepare">Makes what a run needs, without a fault.</param>
    /// <param name="run">Throws where the work is not done.</param>
    /// <returns>How many requests a run takes.</returns>
    /// <exception cref="InvalidOperationException">A request failed and the run did not throw.</exception>
    public async Task<int> InEveryPlaceAsync(Func<Task> prepare, Func<Task> run)
    {
        for (int requests = 0; requests < 1_000; requests++)
        {
            await prepare();
            Volatile.Write(ref left, requests);
            bool hasThrown = false;
            isOfCaller.Value = true;
            try
            {
                await run();
            }
            catch (Exception) when (Volatile.Read(ref left) < 0)
            {
                hasThrown = true;
            }
            isOfCaller.Value = false;
            if (Interlocked.Exchange(ref left, int.MaxValue) >= 0) return requests;
            if (!hasThrown) throw new InvalidOperationException($"request {requests + 1}, {failed}, failed, and nobody noticed");
        }
        throw new InvalidOperationException("it takes more and more requests");
    }
}

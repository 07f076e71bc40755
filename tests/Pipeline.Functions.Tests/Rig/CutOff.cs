using Azure.Core;
using Azure.Core.Pipeline;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>Ends every request to the storage from a certain one on.</summary>
internal sealed class CutOff : HttpPipelineTransport, IDisposable
{
    public const string Message = "the process has ended";

    private readonly HttpClientTransport inner = new();
    private int left = int.MaxValue;

    /// <summary>A request was ended. Who goes on as if nothing had happened has told something as done that is not.</summary>
    public bool HasCut => Volatile.Read(ref left) < 0;

    /// <summary>What happens once, right before the request of this method to an address with this in it.</summary>
    public (RequestMethod Method, string Address, Func<Task> Run)? Meanwhile { get; set; }

    public void After(int requests) => Volatile.Write(ref left, requests);

    public void Never() => After(int.MaxValue);

    public void Dispose() => inner.Dispose();

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    // No cancellation and no lost connection: the SDK would try those again.
    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        if (Interlocked.Decrement(ref left) < 0) throw new InvalidOperationException(Message);
        if (Meanwhile is { } other && message.Request.Method == other.Method
            && message.Request.Uri.ToString().Contains(other.Address, StringComparison.Ordinal))
        {
            Meanwhile = null;
            await other.Run();
        }
        await inner.ProcessAsync(message);
    }

    /// <summary>Ends at the first, second, third … request, again and again, until it gets through.</summary>
    /// <returns>How often it was cut off.</returns>
    public async Task<int> UntilThroughAsync(Func<Task<bool>> run)
    {
        for (int requests = 0; requests < 1_000; requests++)
        {
            After(requests);
            bool through = false;
            try
            {
                through = await run();
            }
            catch (InvalidOperationException ended) when (ended.Message == Message)
            {
                // As if the process had ended.
            }
            Never();
            if (through) return requests;
        }
        throw new InvalidOperationException("it never got through");
    }
}

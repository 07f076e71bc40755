namespace Pipeline.Storage;

/// <summary>
/// So many at once in this process, whatever the batch of the queue. Nobody waits for a place longer than a piece of work lasts: the
/// message comes back instead, so that no function runs into its time limit only by waiting.
/// </summary>
public sealed class WorkPlaces(int count, TimeSpan patience, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim places = new(count, count);

    /// <returns>False where none got free in time; a place that was taken is given back with <see cref="Release"/>.</returns>
    public async Task<bool> TryTakeAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource waited = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, waited.Token);
        try
        {
            await places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Release() => places.Release();

    public void Dispose() => places.Dispose();
}

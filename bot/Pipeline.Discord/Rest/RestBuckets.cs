using System.Collections.Concurrent;

namespace Pipeline.Discord.Rest;

/// <summary>
/// Which bucket a request belongs to: by template until Discord names the bucket, by its name and the major parameter then.
/// </summary>
internal sealed class RestBuckets(TimeProvider time) : IDisposable
{
    private const int Capacity = 2000;

    private readonly ConcurrentDictionary<string, string> names = new();
    private readonly ConcurrentDictionary<string, RestBucket> buckets = new();

    public RestBucket For(RestRequest request)
    {
        if (buckets.Count > Capacity) DropIdle();
        string name = names.GetValueOrDefault(request.Key, request.Key);
        return buckets.GetOrAdd(name + "|" + request.Major, _ => new RestBucket(time));
    }

    /// <summary>Remembers the name, and what the answer says of the limit under it.</summary>
    public void Learn(RestRequest request, RestBucket used, RestAnswer answer)
    {
        used.Learn(answer);
        if (answer.Bucket is not { Length: > 0 } name || names.GetValueOrDefault(request.Key) == name) return;
        names[request.Key] = name;
        buckets.GetOrAdd(name + "|" + request.Major, _ => new RestBucket(time)).Learn(answer);
    }

    public void Dispose()
    {
        foreach (RestBucket bucket in buckets.Values) bucket.Dispose();
    }

    private void DropIdle()
    {
        foreach ((string key, RestBucket bucket) in buckets)
        {
            if (bucket.IsIdle && time.GetElapsedTime(bucket.LastUsed) > TimeSpan.FromMinutes(5)) buckets.TryRemove(key, out _);
        }
    }
}

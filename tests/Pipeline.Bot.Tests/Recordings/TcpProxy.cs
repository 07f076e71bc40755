using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>
/// Stands between a bot and its storage on loopback: cuts every connection, slows answers down, or answers itself with an HTTP status.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> open = new();
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly Task accepting;

    public TcpProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Refuses and cuts everything while true.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Each chunk of an answer comes this much later.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Requests with this in them never get to the storage nor get an answer; null: all do.</summary>
    public string? Unanswered { get; set; }

    /// <summary>So many of those there were.</summary>
    public int Held;

    /// <summary>Answers with this in their head are counted.</summary>
    public string? Noted { get; set; }

    /// <summary>So many of those there were.</summary>
    public int Notes;

    /// <summary>So many requests are answered with <see cref="FaultStatus"/> and never reach the storage.</summary>
    public int Faults;

    public string FaultStatus { get; set; } = "503 Server Busy";
    public int Faulted;

    public void Cut()
    {
        IsCut = true;
        foreach (TcpClient client in open.Keys) client.Client?.Close(0);
    }

    public void Mend() => IsCut = false;

    /// <summary>Both services of an Azurite behind proxies of their own.</summary>
    public static (TcpProxy Blob, TcpProxy Queue, string ConnectionString) Before(Azurite azurite)
    {
        TcpProxy blob = new(azurite.BlobPort);
        TcpProxy queue = new(azurite.QueuePort);
        return (blob, queue, Azurite.ConnectionStringThrough(blob.Port, queue.Port, azurite.TablePort));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Cut();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
            if (IsCut) client.Client?.Close(0);
            else _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        open[client] = true;
        using TcpClient upstream = new();
        try
        {
            if (Interlocked.Decrement(ref Faults) >= 0)
            {
                await AnswerAsync(client.GetStream());
                return;
            }
            await upstream.ConnectAsync(IPAddress.Loopback, target, stop.Token);
            Task up = PumpAsync(client.GetStream(), upstream.GetStream(), isAnswer: false);
            Task down = PumpAsync(upstream.GetStream(), client.GetStream(), isAnswer: true);
            await Task.WhenAny(up, down);
        }
        catch (Exception closed) when (
            closed is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return; // Cut, by us or by either end.
        }
        finally
        {
            open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        Interlocked.Increment(ref Faulted);
        byte[] buffer = new byte[65_536];
        int read = 0;
        string head = "";
        while (!head.Contains("\r\n\r\n", StringComparison.Ordinal) && read < buffer.Length)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(read), stop.Token);
            if (count == 0) return;
            read += count;
            head = Encoding.ASCII.GetString(buffer, 0, read);
        }
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {FaultStatus}\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            stop.Token);
        // The body is read away, so that the answer is not lost in a reset.
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        patience.CancelAfter(TimeSpan.FromMilliseconds(300));
        while (await stream.ReadAsync(buffer, patience.Token) > 0) continue;
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool isAnswer)
    {
        byte[] buffer = new byte[65_536];
        while (await from.ReadAsync(buffer, stop.Token) is var count and > 0)
        {
            if (isAnswer && Noted is { } noted && Encoding.ASCII.GetString(buffer, 0, count).Contains(noted, StringComparison.Ordinal))
                Interlocked.Increment(ref Notes);
            if (isAnswer && Delay > TimeSpan.Zero) await Task.Delay(Delay, stop.Token);
            if (!isAnswer && Unanswered is { } text && Encoding.ASCII.GetString(buffer, 0, count).Contains(text, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref Held);
                await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);
            }
            await to.WriteAsync(buffer.AsMemory(0, count), stop.Token);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// One probe on one connection: a request's head in, an answer out, closed. HTTP/1.1 as far as a prober speaks it (RFC 9112 §3).
/// </summary>
internal static class ProbeExchange
{
    private const int LongestHead = 8192;
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    /// <param name="answer">Status and text for a path.</param>
    /// <exception cref="IOException">The prober hung up.</exception>
    public static async Task RunAsync(Stream stream, Func<string, (HttpStatusCode Status, string Text)> answer, CancellationToken cancel)
    {
        if (await ReadHeadAsync(stream, cancel) is not { } head) return;
        string[] request = head.Split("\r\n", 2)[0].Split(' ');
        bool isRequest = request.Length == 3 && request[2].StartsWith("HTTP/1.", StringComparison.Ordinal);
        bool bodyless = request[0] == "HEAD";
        (HttpStatusCode status, string text) = !isRequest ? (HttpStatusCode.BadRequest, "no HTTP request")
            : !bodyless && request[0] != "GET" ? (HttpStatusCode.MethodNotAllowed, "known: GET, HEAD")
            : answer(PathOf(request[1]));
        byte[] body = Encoding.UTF8.GetBytes(text + "\n");
        string lines =
            $"HTTP/1.1 {(int)status} {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nAllow: "
            + $"GET, HEAD\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(lines), .. bodyless ? [] : body], cancel);
    }

    /// <summary>
    /// Ends our side and waits for the prober's, so that what it still sends (a body) does not reset the connection before it has read.
    /// </summary>
    public static async Task CloseAsync(Socket socket, CancellationToken cancel)
    {
        socket.Shutdown(SocketShutdown.Send);
        byte[] rest = new byte[1024];
        for (int left = LongestHead; left > 0;)
        {
            int read = await socket.ReceiveAsync(rest, cancel);
            if (read == 0) return;
            left -= read;
        }
    }

    /// <summary>Null: the prober closed without a word.</summary>
    private static async Task<string?> ReadHeadAsync(Stream stream, CancellationToken cancel)
    {
        byte[] head = new byte[LongestHead];
        int length = 0;
        while (length < head.Length)
        {
            int read = await stream.ReadAsync(head.AsMemory(length), cancel);
            if (read == 0) break;
            length += read;
            if (head.AsSpan(0, length).IndexOf(EndOfHead) >= 0) break;
        }
        return length == 0 ? null : Encoding.ASCII.GetString(head, 0, length);
    }

    // "/healthz?x=1", or the whole address as a proxy sends it.
    private static string PathOf(string target) =>
        target.StartsWith('/') ? target.Split('?')[0] : Uri.TryCreate(target, UriKind.Absolute, out Uri? address) ? address.AbsolutePath
            : target;
}

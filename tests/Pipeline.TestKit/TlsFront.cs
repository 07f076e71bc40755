using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.TestKit;

/// <summary>
/// Speaks TLS on 127.0.0.1 with a certificate of a private authority, and passes everything on to a server that does not.
/// </summary>
public sealed class TlsFront : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly LoopbackCertificate certificate = new();
    private readonly int behind;
    private readonly Task serving;

    public TlsFront(int behind)
    {
        this.behind = behind;
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>The authority, which is the certificate itself.</summary>
    public X509Certificate2 Authority => certificate.Certificate;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        certificate.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true) connections.Add(PassOnAsync(await listener.AcceptTcpClientAsync()));
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(TcpClient client)
    {
        using TcpClient there = new();
        try
        {
            using TcpClient here = client;
            await using SslStream secured = new(here.GetStream());
            await secured.AuthenticateAsServerAsync(Authority);
            await there.ConnectAsync(IPAddress.Loopback, behind);
            Task upward = secured.CopyToAsync(there.GetStream()), downward = there.GetStream().CopyToAsync(secured);
            await Task.WhenAny(upward, downward);
        }
        catch (Exception refused) when (refused is IOException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            return; // A client that does not trust us hangs up.
        }
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.TestKit;

/// <summary>
/// Speaks TLS on 127.0.0.1 with a certificate of a private authority, and passes everything on to a server that does not.
/// </summary>
public sealed class TlsFront : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 leaf;
    private readonly int behind;
    private readonly Task serving;

    public TlsFront(int behind)
    {
        this.behind = behind;
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest root = new("CN=Private authority", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Authority = root.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        CertificateRequest request = new("CN=front", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(Authority, Authority.NotBefore, Authority.NotAfter, [1, 2, 3]);
        using X509Certificate2 whole = bare.CopyWithPrivateKey(key);
        leaf = X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
        listener.Start();
        serving = ServeAsync();
    }

    public X509Certificate2 Authority { get; }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        leaf.Dispose();
        Authority.Dispose();
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
            await secured.AuthenticateAsServerAsync(leaf);
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

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.TestKit;

/// <summary>
/// A certificate for 127.0.0.1 that signs itself, made for one run and never kept. Processes trust it by <c>SSL_CERT_FILE</c>.
/// </summary>
public sealed class LoopbackCertificate : IDisposable
{
    private readonly TempFolder folder = new();

    public LoopbackCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        // It is its own authority: only then does a client take it as a root.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(2));
        File.WriteAllText(CertificateFile, Certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>PEM.</summary>
    public string CertificateFile => folder.Combine("certificate.pem");

    /// <summary>PEM, PKCS 8, without a password.</summary>
    public string KeyFile => folder.Combine("key.pem");

    /// <summary>A client in this process that trusts it.</summary>
    public HttpMessageHandler CreateHandler() => new SocketsHttpHandler
    {
        SslOptions = { CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { Certificate }, RevocationMode = X509RevocationMode.NoCheck } },
    };

    public void Dispose()
    {
        Certificate.Dispose();
        folder.Dispose();
    }
}

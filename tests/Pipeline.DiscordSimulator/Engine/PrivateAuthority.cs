using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// A certificate authority that lives as long as the simulator, with one leaf for the voice servers
/// (SAN IP:127.0.0.1 and DNS:localhost). Clients must be told to trust it: <c>DISCORD_CA_FILE</c>,
/// <c>NODE_EXTRA_CA_CERTS</c>. Private keys never leave the process.
/// </summary>
public sealed class PrivateAuthority : IDisposable
{
    private PrivateAuthority(X509Certificate2 certificate, X509Certificate2 leaf)
    {
        Certificate = certificate;
        Leaf = leaf;
    }

    /// <summary>The root without its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The root in PEM, as files of trusted certificates hold it.</summary>
    public string Pem => Certificate.ExportCertificatePem();

    internal X509Certificate2 Leaf { get; }

    /// <summary>Makes the root and the leaf, valid from a day before <paramref name="now"/> for a year.</summary>
    public static PrivateAuthority Create(DateTimeOffset now)
    {
        DateTimeOffset from = now.AddDays(-1);
        DateTimeOffset until = now.AddYears(1);
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest rootRequest = new("CN=Simulated Discord Root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        rootRequest.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        rootRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(rootRequest.PublicKey, false));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(from, until);
        X509Certificate2 leaf = CreateLeaf(root, from, until);
        return new PrivateAuthority(X509CertificateLoader.LoadCertificate(root.RawData), leaf);
    }

    private static X509Certificate2 CreateLeaf(X509Certificate2 root, DateTimeOffset from, DateTimeOffset until)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Simulated Discord Voice", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using X509Certificate2 signed = request.Create(root, from, until, serial);
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(key);
        // The round trip through PKCS #12 gives a key that TLS servers on every platform accept.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Releases both certificates.</summary>
    public void Dispose()
    {
        Certificate.Dispose();
        Leaf.Dispose();
    }
}

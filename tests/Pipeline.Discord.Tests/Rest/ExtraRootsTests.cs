using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pipeline.Discord.Rest;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Rest;

public sealed class ExtraRootsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly X509Certificate2 root = Authority("CN=Private root");
    private readonly X509Certificate2 stranger = Authority("CN=Another root");

    public void Dispose()
    {
        folder.Dispose();
        root.Dispose();
        stranger.Dispose();
    }

    [Fact]
    public void Certificate_of_the_private_root_is_accepted_and_of_a_stranger_is_not()
    {
        using X509Certificate2 leaf = Leaf(root);
        using X509Certificate2 foreign = Leaf(stranger);
        Assert.True(ExtraRoots.Accept([root], leaf, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(ExtraRoots.Accept([root], foreign, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(ExtraRoots.Accept([root], null, null, SslPolicyErrors.RemoteCertificateNotAvailable));
    }

    [Fact]
    public void Wrong_host_name_is_never_accepted()
    {
        using X509Certificate2 leaf = Leaf(root);
        Assert.False(ExtraRoots.Accept([root], leaf, null, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(ExtraRoots.Accept([root], leaf, null,
            SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch));
    }

    [Fact]
    public void What_the_system_trusts_stays_trusted() => Assert.True(ExtraRoots.Accept([root], stranger, null, SslPolicyErrors.None));

    [Fact]
    public void File_with_several_roots_is_read_and_one_without_any_is_refused()
    {
        string good = folder.Combine("roots.pem");
        File.WriteAllText(good, root.ExportCertificatePem() + "\n" + stranger.ExportCertificatePem());
        Assert.Equal(2, ExtraRoots.Load(good).Count);
        string empty = folder.Combine("empty.pem");
        File.WriteAllText(empty, "nothing");
        Assert.Throws<CryptographicException>(() => ExtraRoots.Load(empty));
    }

    private static X509Certificate2 Authority(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private static X509Certificate2 Leaf(X509Certificate2 issuer)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=voice", key, HashAlgorithmName.SHA256);
        return request.Create(issuer, issuer.NotBefore, issuer.NotAfter, [1, 2, 3, 4]);
    }
}

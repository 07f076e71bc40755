using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Pipeline.Discord.Rest;

/// <summary>
/// Certificate authorities that are trusted for REST, gateway and voice besides the system's: a private one, for servers under test.
/// </summary>
public static class ExtraRoots
{
    /// <summary>Reads one or more certificates in PEM.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Not PEM, or no certificate in it.</exception>
    public static X509Certificate2Collection Load(string path)
    {
        X509Certificate2Collection roots = [];
        roots.ImportFromPemFile(path);
        if (roots.Count == 0) throw new System.Security.Cryptography.CryptographicException($"'{path}' holds no certificate");
        return roots;
    }

    /// <summary>The check of a connection's certificate; null where only the system's authorities count.</summary>
    public static RemoteCertificateValidationCallback? Check(X509Certificate2Collection roots) =>
        roots.Count == 0 ? null : (_, certificate, chain, errors) => Accept(roots, certificate, chain, errors);

    /// <summary>
    /// What the system trusts is accepted; so is a chain that ends at one of <paramref name="roots"/>. A wrong host name never is.
    /// </summary>
    public static bool Accept(X509Certificate2Collection roots, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null) return false;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (X509ChainElement element in sent?.ChainElements
            ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(leaf);
    }
}

using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace Pipeline.Storage;

/// <summary>
/// Links that carry their own right: signed with the account's key where the client has one,
/// else with a user-delegation key (accounts with shared keys off). One blob, one right, a few minutes.
/// </summary>
public sealed class SasIssuer(StorageClients clients) : IDisposable
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    // The service allows 7 days; links live at most an hour.
    private static readonly TimeSpan DelegationLifetime = TimeSpan.FromHours(6);
    private static readonly TimeSpan DelegationRenewal = TimeSpan.FromHours(2);

    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile UserDelegationKey? delegation;

    /// <param name="permissions">The only right that the link gives.</param>
    /// <param name="contentDisposition">What the service answers as Content-Disposition; null: what the blob has.</param>
    public async ValueTask<Uri> IssueAsync(BlobClient blob, BlobSasPermissions permissions, TimeSpan lifetime,
        CancellationToken cancellation, string? contentDisposition = null)
    {
        DateTimeOffset now = clients.Clock.GetUtcNow();
        BlobSasBuilder builder = new(permissions, now + lifetime)
        {
            BlobContainerName = blob.BlobContainerName,
            BlobName = blob.Name,
            // No start time: a clock that runs ahead of the service's must not make a fresh link invalid.
            Resource = "b",
            ContentDisposition = contentDisposition,
        };
        // A link that is a right must not go over the network in the open where the account offers better.
        if (blob.Uri.Scheme == Uri.UriSchemeHttps) builder.Protocol = SasProtocol.Https;
        if (blob.CanGenerateSasUri) return blob.GenerateSasUri(builder);
        UserDelegationKey key = await DelegationAsync(now, cancellation);
        return new BlobUriBuilder(blob.Uri) { Sas = builder.ToSasQueryParameters(key, clients.Blobs.AccountName) }.ToUri();
    }

    public void Dispose() => gate.Dispose();

    private async ValueTask<UserDelegationKey> DelegationAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        if (delegation is { } current && current.SignedExpiresOn - now > DelegationRenewal) return current;
        // One request for a key at a time: a burst of links after the renewal point needs one key, not hundreds.
        await gate.WaitAsync(cancellation);
        try
        {
            if (delegation is { } renewed && renewed.SignedExpiresOn - now > DelegationRenewal) return renewed;
            BlobGetUserDelegationKeyOptions options = new(now + DelegationLifetime) { StartsOn = now - ClockSkew };
            UserDelegationKey fresh = await clients.Blobs.GetUserDelegationKeyAsync(options, cancellation);
            delegation = fresh;
            return fresh;
        }
        finally
        {
            gate.Release();
        }
    }
}

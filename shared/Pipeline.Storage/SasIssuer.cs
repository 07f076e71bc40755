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
        // Before the end is counted: the answer with the key says what time it is there.
        UserDelegationKey? key = blob.CanGenerateSasUri ? null : await DelegationAsync(cancellation);
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
        if (key is null) return blob.GenerateSasUri(builder);
        return new BlobUriBuilder(blob.Uri) { Sas = builder.ToSasQueryParameters(key, clients.Blobs.AccountName) }.ToUri();
    }

    /// <summary>When a link ends: by the storage's clock, which decides.</summary>
    public static DateTimeOffset EndOf(Uri link) => new BlobUriBuilder(link).Sas.ExpiresOn;

    public void Dispose() => gate.Dispose();

    private async ValueTask<UserDelegationKey> DelegationAsync(CancellationToken cancellation)
    {
        if (Held() is { } current) return current;
        // One request for a key at a time: a burst of links after the renewal point needs one key, not hundreds.
        await gate.WaitAsync(cancellation);
        try
        {
            if (Held() is { } renewed) return renewed;
            TimeSpan known = clients.Clock.Offset;
            UserDelegationKey fresh = await AskAsync(cancellation);
            // The first answer of all tells how far the clocks are apart; the key may begin later than now.
            if ((clients.Clock.Offset - known).Duration() > ClockSkew) fresh = await AskAsync(cancellation);
            delegation = fresh;
            return fresh;
        }
        finally
        {
            gate.Release();
        }
    }

    private UserDelegationKey? Held() =>
        delegation is { } key && key.SignedExpiresOn - clients.Clock.GetUtcNow() > DelegationRenewal ? key : null;

    private async Task<UserDelegationKey> AskAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = clients.Clock.GetUtcNow();
        BlobGetUserDelegationKeyOptions options = new(now + DelegationLifetime) { StartsOn = now - ClockSkew };
        return await clients.Blobs.GetUserDelegationKeyAsync(options, cancellation);
    }
}

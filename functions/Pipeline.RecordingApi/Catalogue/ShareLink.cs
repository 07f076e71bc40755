namespace Pipeline.RecordingApi.Catalogue;

/// <summary>One link of one recording, as the table keeps it.</summary>
/// <param name="ShareId">16 hex digits.</param>
/// <param name="SecretHash">SHA-256 of the secret.</param>
/// <param name="TokenHash">SHA-256 of the token that a browser holds.</param>
public sealed record ShareLink(
    string RecordingId, string ShareId, byte[] SecretHash, byte[] TokenHash, ShareScopes Scopes, DateTimeOffset CreatedAt,
        DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt)
{
    public bool IsOpenAt(DateTimeOffset now) => RevokedAt is null && now < ExpiresAt;
}

/// <summary>What a share link allows. Flags: a link has one or more.</summary>
[Flags]
public enum ShareScopes
{
    None = 0,

    /// <summary>Hear the recording; what it is, every link shows.</summary>
    Listen = 1,

    /// <summary>Take files.</summary>
    Download = 2,

    /// <summary>Rename and delete the recording.</summary>
    Delete = 4,

    /// <summary>What one of them allows, every link does.</summary>
    Any = Listen | Download | Delete,
}

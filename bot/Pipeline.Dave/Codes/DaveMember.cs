namespace Pipeline.Dave.Codes;

/// <summary>One member of the current group.</summary>
/// <param name="UserId">Discord user, from the member's credential.</param>
/// <param name="SignatureKey">Uncompressed P-256 point, 65 bytes; what a pairwise verification code is about.</param>
public sealed record DaveMember(ulong UserId, ReadOnlyMemory<byte> SignatureKey);

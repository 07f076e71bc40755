namespace Pipeline.Mls.Messages;

/// <summary>What an MLSMessage carries (RFC 9420 §6, values of §17.2).</summary>
internal enum WireFormat
{
    PublicMessage = 1,
    PrivateMessage = 2,
    Welcome = 3,
    GroupInfo = 4,
    KeyPackage = 5,
}

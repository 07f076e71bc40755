namespace Pipeline.Dave.Codes;

/// <summary>
/// The voice privacy code: equal for everyone who is in the same group in the same epoch, so that comparing it shows that
/// nobody sits between (DAVE protocol, "Voice Privacy Code").
/// </summary>
public static class PrivacyCode
{
    public const int Digits = 30;

    /// <param name="epochAuthenticator">32 bytes (RFC 9420 §8.7).</param>
    public static string From(ReadOnlySpan<byte> epochAuthenticator) => DisplayableCode.From(epochAuthenticator, Digits);
}

using System.Net;
using System.Net.Sockets;

namespace Pipeline.RecordingApi.Shares;

/// <summary>
/// Who asks, for counting wrong links. Behind a proxy of our own network its last note counts; from anywhere else the header is the
/// caller's own word.
/// </summary>
internal static class ClientAddress
{
    public static string Of(HttpContext context)
    {
        IPAddress? near = context.Connection.RemoteIpAddress;
        if (near is { IsIPv4MappedToIPv6: true }) near = near.MapToIPv4();
        if (near is not null && !IsPrivate(near)) return Bucket(near);
        string last = (context.Request.Headers["X-Forwarded-For"].LastOrDefault() ?? "").Split(',')[^1].Trim();
        return IPEndPoint.TryParse(last, out IPEndPoint? far) ? Bucket(far.Address) : near?.ToString() ?? "unknown";
    }

    // One household has a whole /64 of IPv6.
    private static string Bucket(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();

    private static bool IsPrivate(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal) return true;
        return address.GetAddressBytes()
            is [10, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [169, 254, ..] or [100, >= 64 and < 128, ..]
            && address.AddressFamily == AddressFamily.InterNetwork;
    }
}

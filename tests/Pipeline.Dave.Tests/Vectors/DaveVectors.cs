using System.Globalization;
using System.Text.Json;
using Pipeline.TestKit;

namespace Pipeline.Dave.Tests.Vectors;

/// <summary>The recorded conversations with davey in tests/vectors/dave-vectors.json.</summary>
public static class DaveVectors
{
    public static JsonElement Root { get; } = JsonDocument.Parse(
        File.ReadAllText(RepositoryRoot.Combine("tests", "vectors", "dave-vectors.json"))).RootElement;

    public static ulong ChannelId => ulong.Parse(Root.GetProperty("channel_id").GetString()!, CultureInfo.InvariantCulture);

    public static ulong Self => ulong.Parse(Root.GetProperty("me").GetString()!, CultureInfo.InvariantCulture);

    public static byte[] ExternalSender => Root.Bytes("external_sender_op25");

    public static IEnumerable<JsonElement> Scenarios => Root.GetProperty("scenarios").EnumerateArray();

    public static IEnumerable<JsonElement> Steps => Scenarios.SelectMany(scenario => scenario.GetProperty("steps").EnumerateArray());

    public static IEnumerable<SealedFrame> Frames =>
        Steps.SelectMany(step => step.GetProperty("after").GetProperty("frames").EnumerateArray()).Select(SealedFrame.From);

    public static byte[] Bytes(this JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    /// <summary>One frame that davey sealed, with every secret on the way to it.</summary>
    public sealed record SealedFrame(ulong UserId, byte[] BaseSecret, byte[] Key, byte[] Plain, byte[] Sealed)
    {
        public static SealedFrame From(JsonElement frame) => new(
            ulong.Parse(frame.GetProperty("user").GetString()!, CultureInfo.InvariantCulture),
            frame.Bytes("sender_base_secret"),
            frame.Bytes("key_generation_0"),
            frame.Bytes("plaintext"),
            frame.Bytes("dave_frame"));
    }
}

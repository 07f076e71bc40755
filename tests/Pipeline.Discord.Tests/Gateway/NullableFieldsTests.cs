using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>Null in a field of Discord's, for each shape that is read, and for each of its fields.</summary>
public sealed class NullableFieldsTests
{
    private static readonly JsonSerializerContext[] Contexts = [GatewayJson.Default, DiscordJson.Default];

    /// <summary>Bodies that are only sent.</summary>
    private static readonly Type[] Sent =
        [typeof(InteractionResponse), typeof(MessageBody), typeof(DirectMessageRequest), typeof(NicknameRequest)];

    public static TheoryData<string, string, string> Fields()
    {
        TheoryData<string, string, string> fields = [];
        foreach (JsonSerializerContext context in Contexts)
        {
            foreach (JsonTypeInfo shape in ShapesOf(context))
            {
                foreach (JsonPropertyInfo field in FieldsOf(shape)) fields.Add(context.GetType().Name, shape.Type.Name, field.Name);
            }
        }
        return fields;
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void Field_that_is_null_is_as_good_as_absent(string context, string type, string name)
    {
        JsonTypeInfo shape = ShapesOf(Contexts.Single(one => one.GetType().Name == context)).Single(one => one.Type.Name == type);
        JsonPropertyInfo field = FieldsOf(shape).Single(one => one.Name == name);
        JsonObject sample = (JsonObject)Sample(shape, 0)!;
        object whole = Read(shape, sample);
        JsonObject withNull = (JsonObject)sample.DeepClone();
        withNull[name] = null;
        JsonObject without = (JsonObject)sample.DeepClone();
        without.Remove(name);
        if (field.IsRequired)
        {
            Assert.Throws<JsonException>(() => Read(shape, without));
            Assert.Contains(name, Assert.Throws<JsonException>(() => Read(shape, withNull)).Message, StringComparison.Ordinal);
            return;
        }
        Assert.Equal(JsonSerializer.Serialize(Read(shape, without), shape), JsonSerializer.Serialize(Read(shape, withNull), shape));
        Assert.NotEqual(JsonSerializer.Serialize(whole, shape), JsonSerializer.Serialize(Read(shape, withNull), shape));
    }

    [Fact]
    public void Fields_of_every_shape_are_tried()
    {
        string[] fields = [.. Fields().Select(row => $"{row.Data.Item2}.{row.Data.Item3}")];
        Assert.Superset(new HashSet<string>
        {
            "Interaction.data", "InteractionData.options", "InteractionOption.focused", "GuildMember.roles", "GuildChannel.user_limit",
            "GuildChannel.permission_overwrites", "VoiceState.self_mute", "VoiceState.user_id", "ReadyPayload.guilds",
            "GuildRole.permissions", "DiscordApplication.flags", "PartialGuild.owner",
            "ApplicationCommand.options", "SentMessage.channel_id",
        }, fields.ToHashSet());
    }

    [Fact]
    public void Null_is_taken_out_at_any_depth_and_nothing_else_is()
    {
        Interaction read = NullableFields.Read(Encoding.UTF8.GetBytes("""
            {"id":"1","type":2,"token":"null","data":{"name":"n\u00fcll","opti\u006fns":null,"values":["null"],
             "components":[{"type":null,"custom_id":"null","ü":null,"":null}]},"member":{"roles":null,"user":{"id":"9","bot":null}}}
            """), GatewayJson.Default.Interaction);
        Assert.Equal(("null", "nüll", "null", 9UL), (read.Token, read.Data!.Name, Assert.Single(read.Data.Values), read.Caller!.Id));
        Assert.Equal("null", Assert.Single(read.Data.Components).CustomId);
        Assert.Empty(read.Data.Options);
        Assert.Empty(read.Member!.RoleIds);
    }

    /// <summary>Objects that the context knows and that come from Discord, also those inside others.</summary>
    private static Dictionary<Type, JsonTypeInfo>.ValueCollection ShapesOf(JsonSerializerContext context)
    {
        Dictionary<Type, JsonTypeInfo> found = [];
        Queue<JsonTypeInfo> open = new(context.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.PropertyType is { IsGenericType: true } type
                && type.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>))
            .Select(property => (JsonTypeInfo)property.GetValue(context)!));
        // What a sent body is made of is known to the context by itself.
        HashSet<Type> notRead = [.. Sent];
        foreach (JsonTypeInfo part in Sent.SelectMany(sent => open.Where(one => one.Type == sent).ToArray()).SelectMany(PartsOf))
            notRead.Add(part.Type);
        while (open.TryDequeue(out JsonTypeInfo? shape))
        {
            if (shape.Kind == JsonTypeInfoKind.Object && !notRead.Contains(shape.Type)) found[shape.Type] = shape;
        }
        return found.Values;
    }

    private static IEnumerable<JsonTypeInfo> PartsOf(JsonTypeInfo shape)
    {
        foreach (JsonPropertyInfo field in shape.Properties)
        {
            JsonTypeInfo part = shape.Options.GetTypeInfo(field.PropertyType);
            if (part.ElementType is { } element) part = shape.Options.GetTypeInfo(element);
            if (part.Kind != JsonTypeInfoKind.Object || part.Type == shape.Type) continue;
            yield return part;
            foreach (JsonTypeInfo deeper in PartsOf(part)) yield return deeper;
        }
    }

    private static IEnumerable<JsonPropertyInfo> FieldsOf(JsonTypeInfo shape) => shape.Properties.Where(field => field.Set is not null);

    /// <summary>An object with all fields, none of them its default.</summary>
    private static JsonNode? Sample(JsonTypeInfo shape, int depth)
    {
        if (shape.Kind == JsonTypeInfoKind.Enumerable)
            return new JsonArray(Sample(shape.Options.GetTypeInfo(shape.ElementType!), depth + 1));
        if (shape.Kind != JsonTypeInfoKind.Object) return Value(Nullable.GetUnderlyingType(shape.Type) ?? shape.Type);
        JsonObject sample = [];
        foreach (JsonPropertyInfo field in FieldsOf(shape))
        {
            JsonTypeInfo part = shape.Options.GetTypeInfo(field.PropertyType);
            bool isItself = part.Type == shape.Type || part.ElementType == shape.Type;
            if (!isItself || depth < 2) sample[field.Name] = Sample(part, depth + 1);
        }
        return sample;
    }

    private static JsonNode Value(Type type) =>
        type == typeof(bool) ? true
        : type == typeof(string) || type == typeof(JsonElement) ? "text"
        : type == typeof(int) || type == typeof(double) || (type.IsEnum && Enum.GetUnderlyingType(type) == typeof(int)) ? 3
        : "12345"; // ids and permissions

    private static object Read(JsonTypeInfo shape, JsonObject json)
    {
        MethodInfo read = typeof(NullableFieldsTests).GetMethod(nameof(ReadAs), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(shape.Type);
        return read.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [shape, json.ToJsonString()], null)!;
    }

    private static T ReadAs<T>(JsonTypeInfo<T> shape, string json) where T : class
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return NullableFields.Read(document.RootElement, shape);
    }
}

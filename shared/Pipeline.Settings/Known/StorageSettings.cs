using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>The storage account: one connection string, or addresses and an identity.</summary>
public static class StorageSettings
{
    private const string Name = "PipelineStorage";

    public static Setting<string?> Connection { get; } = new(
        Name, Programs.Both, new TextForm("a storage connection string"), null,
        "Storage by its key; or the addresses below and an identity")
    { IsSecret = true };

    public static Setting<Uri?> Blobs { get; } = new(
        $"{Name}__blobServiceUri", Programs.Both, Address("blob"), null, "Storage by an identity: where blobs are");

    public static Setting<Uri?> Queues { get; } = new(
        $"{Name}__queueServiceUri", Programs.Both, Address("queue"), null, "Where queues are");

    public static Setting<Uri?> QueuesAlias { get; } = new(
        $"{Name}__serviceUri", Programs.Bot, Address("queue"), null,
        "The Functions host's other name for `PipelineStorage__queueServiceUri`");

    public static Setting<Uri?> Tables { get; } = new(
        $"{Name}__tableServiceUri", Programs.Functions, Address("table"), null, "Where tables are");

    public static Setting<string?> Credential { get; } = new(
        $"{Name}__credential", Programs.Both, new WordForm("managedidentity", "default"), null,
        "Which identity: the platform's, or `default` for what the environment offers")
    { DefaultInWords = "default" };

    public static Setting<string?> ClientId { get; } = new(
        $"{Name}__clientId", Programs.Both, new TextForm("the client id of an identity"), null, "Which of the platform's identities")
    { DefaultInWords = "the system's" };

    public static IReadOnlyList<Setting> All { get; } = [Connection, Blobs, Queues, QueuesAlias, Tables, Credential, ClientId];

    // An identity's tokens go over nothing but https.
    private static AddressForm Address(string service) => new(AddressSchemes.Https, $"https://account.{service}.core.windows.net");
}

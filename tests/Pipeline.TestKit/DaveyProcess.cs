using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.TestKit;

/// <summary>
/// A Node process with DAVE members on davey, which is OpenMLS: an implementation that shares nothing with ours
/// (tests/peers/davey). One request at a time; disposing ends the process.
/// </summary>
public sealed class DaveyProcess : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(2);

    private readonly Process process;

    private DaveyProcess(Process process) => this.process = process;

    /// <summary>Starts it; fails when the peers are not installed (infra/setup.sh installs them).</summary>
    public static DaveyProcess Start()
    {
        string folder = RepositoryRoot.Combine("tests", "peers", "davey");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            throw new InvalidOperationException($"{folder} has no node_modules: run infra/setup.sh");
        ProcessStartInfo start = new("node", ["members.cjs"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        return new DaveyProcess(Process.Start(start)!);
    }

    /// <summary>One call for one user: its value, or an <see cref="InvalidOperationException"/> with davey's message.</summary>
    public async Task<JsonNode?> CallAsync(ulong user, string method, params object[] arguments)
    {
        JsonArray results = await CallAllAsync([user], method, _ => arguments);
        return Value(results[0]!);
    }

    /// <summary>The same method for several users in one round trip; any error throws.</summary>
    public async Task<IReadOnlyList<JsonNode?>> CallEachAsync(IReadOnlyList<ulong> users, string method, params object[] arguments)
    {
        JsonArray results = await CallAllAsync(users, method, _ => arguments);
        return [.. results.Select(result => Value(result!))];
    }

    /// <summary>The bytes of a value that is a buffer.</summary>
    public static byte[]? Bytes(JsonNode? value) => value?["hex"] is { } hex ? Convert.FromHexString(hex.GetValue<string>()) : null;

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static JsonNode? Value(JsonNode result) =>
        result["error"] is { } error ? throw new InvalidOperationException($"davey: {error.GetValue<string>()}") : result["value"];

    private static JsonNode Encode(object argument) => argument switch
    {
        byte[] bytes => new JsonObject { ["hex"] = Convert.ToHexStringLower(bytes) },
        ulong id => JsonValue.Create(id.ToString()),
        IEnumerable<ulong> ids => new JsonArray([.. ids.Select(id => JsonValue.Create(id.ToString()))]),
        int number => JsonValue.Create(number),
        bool flag => JsonValue.Create(flag),
        string text => JsonValue.Create(text),
        _ => throw new ArgumentException($"no way to send a {argument.GetType()}", nameof(argument)),
    };

    private async Task<JsonArray> CallAllAsync(IReadOnlyList<ulong> users, string method, Func<ulong, object[]> arguments)
    {
        JsonArray calls = [.. users.Select(user => new JsonObject
        {
            ["user"] = user.ToString(),
            ["method"] = method,
            ["args"] = new JsonArray([.. arguments(user).Select(Encode)]),
        })];
        await process.StandardInput.WriteLineAsync(calls.ToJsonString());
        await process.StandardInput.FlushAsync();
        string? answer = await process.StandardOutput.ReadLineAsync().WaitAsync(AnswerTimeout);
        return JsonSerializer.Deserialize<JsonArray>(answer ?? throw new InvalidOperationException("davey's process has ended"))!;
    }
}

using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Delivery.Sweep;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Rig;

/// <summary>An account of a test class's own that is swept by a clock of the test's: a sweep looks at all of it.</summary>
/// <param name="account">Number of an account that no other class has.</param>
public abstract class SweptAccount(AzuriteFixture azurite, int account) : IAsyncLifetime
{
    private protected static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private protected FakeTimeProvider Clock { get; } =
        new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));

    private protected App App { get; private set; } = null!;

    /// <summary>A part of the sweep fails while it is above 0.</summary>
    private protected int Failures { get; set; }

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Dictionary<string, string?> settings = new()
        {
            ["RECORDING_ADOPT_AFTER"] = "1m",
            ["RECORDING_ABANDON_AFTER"] = "90s",
            ["Functions:PoisonRedrives"] = "3",
        };
        FurtherSweep further = new(_ => Failures > 0 ? throw new InvalidOperationException("a part fails") : Task.CompletedTask);
        App = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(account)), settings, Clock,
            services => services.AddSingleton(further));
        await App.Get<StorageSetup>().EnsureAsync(Cancellation);
        foreach (string queue in StorageSetup.Queues) await Queue(queue).ClearMessagesAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected QueueClient Queue(string name) => App.Storage.Queues.GetQueueClient(name);

    /// <summary>Texts of all that waits in a queue, which is empty then.</summary>
    private protected async Task<string[]> TakeAsync(string queue)
    {
        List<string> texts = [];
        while ((await Queue(queue).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value is { Length: > 0 } messages)
        {
            foreach (QueueMessage message in messages)
            {
                texts.Add(Encoding.UTF8.GetString(message.Body.ToArray()));
                await Queue(queue).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }
        }
        return [.. texts];
    }
}

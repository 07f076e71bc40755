using Azure.Storage.Queues;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>How often a message that failed gets another chance.</summary>
public sealed class PoisonRulesTests(AzuriteFixture azurite) : SweptAccount(azurite, 20)
{
    private const string PoisonQueue = StorageNames.RecordingStartedQueue + StorageNames.PoisonSuffix;

    private QueueClient Poison => Queue(PoisonQueue);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Poison.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await Poison.ClearMessagesAsync(Cancellation);
    }

    [Fact]
    public async Task Poison_is_driven_back_after_0_1_2_minutes_and_given_up_after_4()
    {
        const string text = "{\"never\":\"ours\"}";
        foreach (int minutes in (int[])[0, 1, 2])
        {
            await ComesTooEarlyAsync(minutes);
            Assert.Equal(1, await DrivenBackAsync());
        }
        await ComesTooEarlyAsync(4);
        Assert.Equal(0, await DrivenBackAsync());
        Assert.Equal(1, (await App.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages);

        async Task ComesTooEarlyAsync(int minutes)
        {
            if (minutes == 0) return;
            Clock.Advance(TimeSpan.FromMinutes(minutes) - Millisecond);
            Assert.Equal(0, await DrivenBackAsync());
            Clock.Advance(Millisecond);
        }

        // A look that is too early hides it for some time: each time it comes as a new message.
        async Task<int> DrivenBackAsync()
        {
            await Poison.SendMessageAsync(text, Cancellation);
            Assert.True(await App.SweepAsync());
            return (await TakeAsync(StorageNames.RecordingStartedQueue)).Length;
        }
    }

    [Fact]
    public async Task Pause_between_two_chances_of_a_poison_message_grows_to_1024_minutes_and_no_further()
    {
        RecordingId recording = new Session(59_207).Id;
        PoisonMessage message = new(StorageNames.RecordingStartedQueue, $"{{\"late\":\"{recording}\"}}", "", "");
        int before = (await App.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages;
        await App.Get<Reports>().WriteAsync(message, redrives: 12, givenUp: false, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(1_024) - Millisecond);
        Assert.Equal(before, await GivenUpAsync());
        Clock.Advance(Millisecond);
        Assert.Equal(before + 1, await GivenUpAsync());
        await App.Get<Reports>().DeleteAsync(recording, Cancellation);

        async Task<int> GivenUpAsync()
        {
            await Poison.SendMessageAsync(message.Text, Cancellation);
            Assert.True(await App.SweepAsync());
            return (await App.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages;
        }
    }

    [Fact]
    public async Task Copies_of_a_poison_message_go_back_as_one_and_are_no_failures_of_it()
    {
        foreach (string text in (string[])["{\"one\":1}", "{\"other\":1}", "{\"one\":1}", "{\"one\":1}", "{\"one\":1}", "{\"one\":1}"])
            await Poison.SendMessageAsync(text, Cancellation);

        int given = (await App.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages;
        Assert.True(await App.SweepAsync());

        Assert.Equal(["{\"one\":1}", "{\"other\":1}"], (await TakeAsync(StorageNames.RecordingStartedQueue)).Order());
        Assert.Equal(0, await App.Get<MessageQueues>().CountAsync(PoisonQueue, Cancellation));
        Assert.Equal(given, (await App.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages);
    }
}

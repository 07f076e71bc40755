using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>
/// Commits and Welcomes that arrive damaged, and everything twice, at random: the call must mend itself and never take a forged epoch.
/// </summary>
public sealed class ChaosTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_call_whose_messages_are_damaged_and_repeated_agrees_once_the_damage_ends(int seed)
    {
        Random random = new(seed);
        DeliveryOptions options = new();
        await using TestCall call = new(options);
        options.Tamper = message => Spoil(message, random);
        List<OurMember> members = [.. Enumerable.Range(1, 5).Select(user => call.Us((ulong)user))];
        foreach (OurMember member in members)
        {
            call.Join(member);
            await call.RunAsync(random.NextDouble());
        }
        for (int round = 0; round < 12; round++)
        {
            OurMember moved = members[random.Next(members.Count)];
            if (call.Present.Contains(moved)) call.Leave(moved);
            else call.Return(members);
            await call.TalkAsync(random.NextDouble(), [.. call.Present]);
        }
        options.Tamper = null;
        call.Return(members);
        for (int i = 0; i < 4; i++) await call.TalkAsync(3, 0.06, [.. call.Present]);
        await call.AssertAgreementAsync();
        Assert.Equal(5, members[0].Snapshot.Members.Length);

        foreach (OurMember member in members) member.Heard.Clear();
        List<(ulong From, string Frame)> said = await call.TalkAsync(0.5, [.. call.Present]);
        foreach (OurMember member in members) Assert.Equal(said.Where(one => one.From != member.UserId), member.Heard);
        Assert.True(members.Sum(member => member.Complaints) > 0);
    }

    private static IEnumerable<DeliveryMessage> Spoil(DeliveryMessage message, Random random)
    {
        if (random.Next(6) == 0) yield return message;
        if (message.Opcode is 29 or 30 && random.Next(5) == 0)
        {
            byte[] body = [.. message.Body];
            for (int flips = random.Next(1, 4); flips > 0; flips--) body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
            yield return message with { Body = body };
            yield break;
        }
        yield return message;
    }
}

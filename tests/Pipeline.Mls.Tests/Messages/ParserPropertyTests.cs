using CsCheck;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Group;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Messages;

/// <summary>Every parser on bytes that nobody would send: a named error or a value, never another exception.</summary>
public sealed class ParserPropertyTests : IDisposable
{
    private readonly OwnCall call = new(3);
    private readonly OwnMember newcomer;
    private readonly byte[][] valid;

    public ParserPropertyTests()
    {
        newcomer = call.Prepare(9);
        byte[] package = newcomer.Begin();
        byte[] proposals = call.Service.Proposals([DeliveryService.Remove(1), DeliveryService.Add(package)]);
        TlsReader reader = new(proposals);
        var result = call.Group(0).Commit(call.Group(0).ValidateProposals(reader.ReadVector()));
        result.NextState.Dispose();
        valid = [package, proposals, result.Commit, result.Welcome!, RatchetTreeCodec.Encode(call.Group(0).Tree)];
    }

    [Fact]
    public void Random_bytes_are_survived() =>
        Gen.Byte.Array[0, 300].Sample(bytes => ParseAll(bytes), seed: "0N0XIzNsQ0O2", iter: 20_000, threads: 1);

    [Fact]
    public void Edited_messages_are_survived()
    {
        foreach (byte[] message in valid)
        {
            Mutations.Of(message).Sample(bytes => ParseAll(bytes), seed: "0N0XIzNsQ0O2", iter: 2_000, threads: 1);
        }
    }

    [Fact]
    public void Huge_trees_are_refused()
    {
        using TlsWriter blanks = new();
        blanks.WriteVector(new byte[1_000_000]);
        Refused.With(MlsError.TooLarge, () => RatchetTreeCodec.Parse(blanks.Written));
        Refused.With(MlsError.BadTreeShape, () => RatchetTreeCodec.Parse([3, 0, 0, 0]));
        Refused.With(MlsError.BadTreeShape, () => RatchetTreeCodec.Parse([0]));
        Refused.With(MlsError.BadTreeShape, () => RatchetTreeCodec.Parse([2, 1, 2]));
    }

    public void Dispose()
    {
        newcomer.Dispose();
        call.Dispose();
    }

    private static void ParseAll(byte[] bytes)
    {
        Survive(() => PublicMessage.Parse(bytes));
        Survive(() => Welcome.Parse(bytes));
        Survive(() => RatchetTreeCodec.Parse(bytes));
        Survive(() => ExternalSender.Parse(bytes));
        Survive(() => Read(bytes, KeyPackage.Read));
        Survive(() => Read(bytes, GroupInfo.Read));
        Survive(() => Read(bytes, GroupSecrets.Read));
        Survive(() => Read(bytes, Commit.Read));
    }

    private static T Read<T>(byte[] bytes, TlsLists.ReadItem<T> read)
    {
        TlsReader reader = new(bytes);
        return read(ref reader);
    }

    private static void Survive(Action parse)
    {
        try
        {
            parse();
        }
        catch (MlsException)
        {
            // The named refusal is one of the two good ends.
        }
    }
}

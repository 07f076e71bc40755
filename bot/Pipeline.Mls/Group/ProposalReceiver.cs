using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>Authenticates proposals and checks each by itself (RFC 9420 §6.1, §12.1).</summary>
internal static class ProposalReceiver
{
    /// <summary>Reads one MLSMessage and leaves the reader behind it.</summary>
    public static QueuedProposal Receive(GroupState group, ref TlsReader reader)
    {
        PublicMessage message = PublicMessage.ReadMessage(ref reader);
        FramedContent content = message.Content;
        MlsException.ThrowIf(content.Type != ContentType.Proposal, MlsError.WrongMessageType);
        MlsException.ThrowIf(!content.GroupId.AsSpan().SequenceEqual(group.Context.GroupId), MlsError.WrongGroup);
        MlsException.ThrowIf(content.Epoch != group.Epoch, MlsError.WrongEpoch);
        Proposal proposal = content.Proposal!;
        CheckAllowed(group.Policy, proposal.Kind, content.Sender);
        Authenticate(group, message);
        CheckAlone(group, proposal);
        return new QueuedProposal(
            message.Authenticated.ComputeReference(), group.Epoch, proposal, content.Sender, SubjectOf(group, proposal));
    }

    /// <summary>What may be proposed at all, before it costs a signature check. Also for proposals inside a commit.</summary>
    public static void CheckAllowed(GroupPolicy policy, ProposalKind kind, Sender sender)
    {
        // DAVE, "Proposal Handling": the voice gateway proposes adds and removes, nobody anything else.
        bool allowedByPolicy = !policy.IsDave ||
            (sender.Type == SenderType.External && kind is ProposalKind.Add or ProposalKind.Remove);
        // RFC 9420 §12.1.8: what an external sender may not propose. Reinit ends a group: no application here wants it.
        bool allowedBySender = kind is not (ProposalKind.ReInit or ProposalKind.ExternalInit) &&
            (sender.Type != SenderType.External || kind != ProposalKind.Update);
        MlsException.ThrowIf(!allowedByPolicy || !allowedBySender, MlsError.ProposalNotAllowed);
    }

    /// <summary>RFC 9420 §12.1: what one proposal must be by itself, no matter who brings it.</summary>
    public static void CheckAlone(GroupState group, Proposal proposal)
    {
        switch (proposal)
        {
            case AddProposal add:
                LeafValidator.CheckKeyPackage(add.KeyPackage, group.Policy, group.Context.Extensions);
                break;
            case RemoveProposal remove:
                // RFC 9420 §12.1.3.
                MlsException.ThrowIf(group.Tree[remove.Removed] is null, MlsError.UnknownLeaf);
                break;
            case PreSharedKeyProposal psk:
                // RFC 9420 §8.4: the nonce has the length of a hash.
                MlsException.ThrowIf(psk.Psk.Nonce.Length != Crypto.CipherSuite.HashSize, MlsError.UnknownPreSharedKey);
                break;
            default:
                break;
        }
    }

    // RFC 9420 §6.1: a member signs with the group context and adds the membership tag; an external sender does neither.
    private static void Authenticate(GroupState group, PublicMessage message)
    {
        Sender sender = message.Content.Sender;
        switch (sender.Type)
        {
            case SenderType.External:
                IReadOnlyList<ExternalSender> senders =
                    group.Context.Find(Extension.ExternalSenders)?.ReadExternalSenders() ?? [];
                // RFC 9420 §12.1.8.1: the index points into the extension's list.
                MlsException.ThrowIf(sender.Index >= senders.Count, MlsError.WrongSender);
                ReadOnlySpan<byte> key = senders[(int)sender.Index].SignatureKey;
                MlsException.ThrowIf(!message.Authenticated.VerifySignature(key, []), MlsError.BadSignature);
                break;
            case SenderType.Member:
                group.AuthenticateMember(message);
                break;
            default:
                throw new MlsException(MlsError.WrongSender);
        }
    }

    private static byte[] SubjectOf(GroupState group, Proposal proposal) => proposal switch
    {
        AddProposal add => add.KeyPackage.Leaf.Credential.Identity,
        RemoveProposal remove => group.Tree[remove.Removed]!.Credential.Identity,
        _ => [],
    };
}

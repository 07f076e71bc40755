namespace Pipeline.Mls.Wire;

/// <summary>What a peer's bytes were refused for; one name for each check, each with the section that asks for it.</summary>
public enum MlsError
{
    /// <summary>Truncated, overlong, not minimal, or an enum value that is not defined (RFC 9420 §2.1, §6).</summary>
    Malformed,
    /// <summary>Bytes are left after a complete structure.</summary>
    TrailingBytes,
    /// <summary>Larger than this library takes: message bytes, members or list entries.</summary>
    TooLarge,
    /// <summary>A protocol version other than MLS 1.0 (RFC 9420 §6).</summary>
    WrongVersion,
    /// <summary>A ciphersuite other than 0x0002 (RFC 9420 §17.1).</summary>
    WrongCipherSuite,
    /// <summary>Another wire format or content type than this call takes (RFC 9420 §6).</summary>
    WrongMessageType,
    /// <summary>The message belongs to another group (RFC 9420 §6.1).</summary>
    WrongGroup,
    /// <summary>The message belongs to another epoch (RFC 9420 §6.1).</summary>
    WrongEpoch,
    /// <summary>The sender is not a member, not a listed external sender, or may not send this (RFC 9420 §6.1, §12.1.8).</summary>
    WrongSender,
    /// <summary>The commit is our own: take the state that came with it (RFC 9420 §12.4.2).</summary>
    OwnCommit,
    /// <summary>A signature does not verify (RFC 9420 §5.1.2).</summary>
    BadSignature,
    /// <summary>The membership tag does not verify (RFC 9420 §6.2).</summary>
    BadMembershipTag,
    /// <summary>The confirmation tag does not verify (RFC 9420 §8.1, §12.4.2).</summary>
    BadConfirmationTag,
    /// <summary>Not a point on P-256, or not the private key of its public key (RFC 9420 §5.1.1).</summary>
    BadKey,
    /// <summary>HPKE or AEAD decryption failed (RFC 9420 §5.1.3, §12.4.3.1).</summary>
    BadCiphertext,
    /// <summary>The Welcome holds no secrets for our key package (RFC 9420 §12.4.3.1).</summary>
    NotForThisKeyPackage,
    /// <summary>The tree's shape is wrong: trailing blank, leaf where a parent belongs, no tree at all (RFC 9420 §12.4.3.3).</summary>
    BadTreeShape,
    /// <summary>The tree hash is not the announced one (RFC 9420 §7.8).</summary>
    BadTreeHash,
    /// <summary>A parent hash does not match (RFC 9420 §7.9.2).</summary>
    BadParentHash,
    /// <summary>Unmerged leaves that are blank, unsorted or not descendants (RFC 9420 §12.4.3.1).</summary>
    BadUnmergedLeaves,
    /// <summary>Our own leaf is not in the tree, or not as we made it (RFC 9420 §12.4.3.1).</summary>
    OwnLeafMissing,
    /// <summary>A leaf node of the wrong source for its place (RFC 9420 §7.3).</summary>
    WrongLeafSource,
    /// <summary>A leaf that does not support what the group uses (RFC 9420 §7.2, §7.3).</summary>
    UnsupportedCapabilities,
    /// <summary>A credential that the application does not take (RFC 9420 §5.3.1).</summary>
    BadCredential,
    /// <summary>A key package's init key equals its leaf's encryption key (RFC 9420 §10.1).</summary>
    InitKeyReused,
    /// <summary>A signature or encryption key occurs twice (RFC 9420 §7.3, §12.4.3.1).</summary>
    DuplicateKey,
    /// <summary>Two members with the same identity (RFC 9420 §12.2, §5.3.1).</summary>
    DuplicateIdentity,
    /// <summary>A user that the application does not expect in this group.</summary>
    UnrecognisedUser,
    /// <summary>The group's extensions are not exactly the expected ones (RFC 9420 §12.1.8.1).</summary>
    WrongExtensions,
    /// <summary>A proposal kind that the group's policy refuses, or none that is known (RFC 9420 §12.1).</summary>
    ProposalNotAllowed,
    /// <summary>The commit refers to a proposal that we do not hold (RFC 9420 §12.4.2).</summary>
    UnknownProposal,
    /// <summary>The list of proposals cannot stand together (RFC 9420 §12.2).</summary>
    BadProposalList,
    /// <summary>A remove or update of a leaf that is blank or outside the tree (RFC 9420 §12.1.2, §12.1.3).</summary>
    UnknownLeaf,
    /// <summary>The commit would remove, or removes, ourselves (RFC 9420 §12.2).</summary>
    RemovesOurselves,
    /// <summary>A path that is missing, has too many or too few nodes or ciphertexts, or the wrong keys (RFC 9420 7.5, 12.4.2).</summary>
    BadUpdatePath,
    /// <summary>A pre-shared key that we do not hold, or that is announced wrongly (RFC 9420 §8.4).</summary>
    UnknownPreSharedKey,
}

namespace Pipeline.Mls.Messages;

/// <summary>RFC 9420 §12.1, values of §17.4.</summary>
public enum ProposalKind
{
    Add = 1,
    Update = 2,
    Remove = 3,
    PreSharedKey = 4,
    ReInit = 5,
    ExternalInit = 6,
    GroupContextExtensions = 7,
}

using Pipeline.Mls.Schedule;

namespace Pipeline.Mls.Group;

/// <summary>What a group takes beyond RFC 9420's own validity. Handed on from epoch to epoch.</summary>
public sealed record GroupPolicy
{
    /// <summary>
    /// DAVE v1: members are user ids (basic credential of 8 bytes, unique), only the one external sender proposes,
    /// only adds and removes, commits name every proposal by reference.
    /// </summary>
    public static GroupPolicy Dave { get; } = new() { IsDave = true };

    /// <summary>All that RFC 9420 allows and this library knows: what other implementations' vectors need.</summary>
    internal static GroupPolicy Rfc { get; } = new();

    internal bool IsDave { get; private init; }
}

/// <summary>What a group keeps over all its epochs beside its members.</summary>
internal readonly record struct GroupRules(GroupPolicy Policy, PreSharedKeys Psks);

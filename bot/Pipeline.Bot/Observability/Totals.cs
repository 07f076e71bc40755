namespace Pipeline.Bot.Observability;

/// <summary>
/// Packets of a track or of all: those that came, those missing by sequence number, those whose end-to-end encryption could not be opened.
/// </summary>
internal readonly record struct PacketTotals(long Received, long Lost, long Undecryptable);

/// <summary>What waits in the spool. Level: 0 ok, 1 high (80 %), 2 full.</summary>
internal readonly record struct SpoolTotals(long Bytes, long Files, int Level);

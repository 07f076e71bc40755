namespace Pipeline.Contracts;

/// <summary>
/// A message is not of our contract: no JSON, an unknown version, fields that contradict each other. It ends in the poison queue.
/// </summary>
public sealed class MalformedMessageException(string message, Exception? inner = null) : Exception(message, inner);

namespace Pipeline.Functions.Local;

/// <summary>Something of this machine that a setting names is not to be had; the text says which and what to do.</summary>
internal sealed class UnavailableException(string message, Exception inner) : Exception(message, inner);

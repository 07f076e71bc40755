namespace Pipeline.Bot.ServerSettings;

/// <summary>The recording API could not be reached, or refused. A running recording never depends on it.</summary>
public sealed class CatalogueException(string message, Exception? inner = null) : Exception(message, inner);

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Pipeline.TestKit;

/// <summary>Keeps every log line, at every level, so that a test can read what was said.</summary>
public sealed class LogSink : ILoggerProvider, ILoggerFactory
{
    private readonly ConcurrentQueue<LogLine> lines = new();

    public IReadOnlyCollection<LogLine> Lines => lines;

    public ILogger CreateLogger(string categoryName) => new SinkLogger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the sink is its own only provider");

    public void Dispose()
    {
    }

    private sealed class SinkLogger(LogSink sink, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter) =>
            sink.lines.Enqueue(new LogLine(logLevel, category, eventId.Id, formatter(state, exception), exception));
    }
}

/// <summary>One line of a log.</summary>
public sealed record LogLine(LogLevel Level, string Category, int EventId, string Text, Exception? Exception);

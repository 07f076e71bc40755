namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>A metric's points of one export.</summary>
/// <param name="Total">Sum over the points: values of gauges and sums, counts of histograms.</param>
internal sealed record OtlpMetric(string Service, string Name, double Total);

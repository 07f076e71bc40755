using Pipeline.TestKit;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

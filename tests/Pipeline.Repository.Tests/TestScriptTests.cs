using Pipeline.TestKit;

namespace Pipeline.Repository.Tests;

/// <summary>What <c>infra/test.sh</c> counts, by its own lines.</summary>
public sealed class TestScriptTests
{
    // Two tests failed in the run that one passed; alone they pass ("true"), or fail again ("false").
    private const string Run = """
        eval "$(sed -n '/^finish() {/,/^}/p; /^again() {/,/^}/p' infra/test.sh)"
        results=$(mktemp -d) limit=60 failed_steps=0 unsteady=0
        program() { echo "$1"; }
        failures() { echo "failed again"; }
        printf 'A.First\nA.Second\n' >"$results/$1.failed"
        echo 1 2 0 >"$results/$1.count"
        again "$1"
        read -r p f s <"$results/$1.count"
        rm -r "$results"
        finish "$p" "$f" "$s"
        """;

    [Theory]
    [InlineData("true", "2 unsteady (failed beside other processes, passed alone)", "3 passed, 0 failed", 0)]
    [InlineData("false", "0 unsteady (failed beside other processes, passed alone)", "1 passed, 2 failed", 1)]
    public async Task Count_of_unsteady_tests_stands_before_the_last_line(string alone, string unsteady, string last, int code)
    {
        await using ChildProcess bash = ChildProcess.Start("bash", ["-c", Run, "test", alone], workingDirectory: RepositoryRoot.Path);
        Assert.Equal(code, await bash.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal([unsteady, last], bash.Lines.TakeLast(2));
    }

    // A program of tests that ends as the argument says, with a count of what it ran.
    private const string Project = """
        eval "$(sed -n '/^run() {/,/^}/p; /^failures() {/,/^}/p' infra/test.sh)"
        results=$(mktemp -d) limit=60 filter=()
        printf '#!/bin/bash\necho "  succeeded: %s"\necho "  failed: %s"\nexit %s\n' "$1" "$2" "$3" >"$results/tests"
        chmod +x "$results/tests"
        program() { echo "$results/tests"; }
        measured() { :; }
        run Some.Tests >/dev/null
        cat "$results/Some.Tests.count"
        rm -r "$results"
        """;

    [Theory]
    [InlineData("5", "0", "0", "5 0 0")]
    [InlineData("5", "2", "2", "5 2 0")]
    [InlineData("5", "0", "134", "5 1 0")] // died behind its count
    [InlineData("0", "0", "8", "0 1 0")] // found no test
    public async Task Program_that_ran_no_test_or_died_has_failed(string succeeded, string failed, string code, string count)
    {
        await using ChildProcess bash = ChildProcess.Start("bash", ["-c", Project, "test", succeeded, failed, code],
            workingDirectory: RepositoryRoot.Path);
        Assert.Equal(0, await bash.WaitForExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(count, bash.Lines.Last());
    }
}

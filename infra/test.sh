#!/usr/bin/env bash
# Builds everything, checks the format and runs every test. The last line reads "N passed, N failed".
#   infra/test.sh            the default run
#   infra/test.sh --long     what takes long too: images, kills, hours of talk, storage that is slow or away
#   infra/test.sh --soak     the soaks too: two hours and more
#   infra/test.sh --coverage [Pipeline.Mls.Tests]...   lines and branches of each product project and folder that all tests reach, or those named
# Ends with 0 where every step and every test passed, 1 where one failed, 2 on a wrong argument.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

long=0 soak=0 coverage=0 wanted=()
for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/test.sh; exit 0 ;;
    --long) long=1 ;;
    --soak) long=1 soak=1 ;;
    --coverage) coverage=1 ;;
    Pipeline.*.Tests)
      [ -d "tests/$argument" ] && [ "$coverage" = 1 ] || { echo "test: '$argument' is allowed behind --coverage, as a folder of tests" >&2; exit 2; }
      wanted+=("$argument") ;;
    *) echo "test: unknown argument '$argument'; known: --long, --soak, --coverage" >&2; exit 2 ;;
  esac
done

results=$(mktemp -d)
# One compiler for all projects, which is loaded once: 84 s instead of 240 s. Its name is this run's, and it ends with the run.
compiler="pipeline-$$"
trap 'rm -rf "$results"; pkill -f -- "-pipename:$compiler" || true' EXIT
failed_steps=0

step() { # step NAME COMMAND...: a step of the check that is no test
  local name=$1 began=$SECONDS log; shift
  log=$(mktemp "$results/step.XXXXXX")
  if "$@" >"$log" 2>&1; then
    printf 'ok      %-36s %40d s\n' "$name" $((SECONDS - began))
  else
    echo "FAILED  $name"
    tail -60 "$log"
    return 1
  fi
}

finish() { # finish PASSED FAILED SKIPPED
  [ "$3" = 0 ] || echo "$3 skipped (each is named above with its reason)"
  echo "${unsteady:-0} unsteady (failed beside other processes, passed alone)"
  echo "$1 passed, $(($2 + failed_steps)) failed"
  [ $(($2 + failed_steps)) -eq 0 ] && [ "$1" -gt 0 ]
  exit $?
}

give_up() { # give_up: what is needed is not there
  wait
  failed_steps=1
  finish 0 0 0
}

# Compilers and the processes of tests live for seconds: what the runtime counts, optimizes and guards for later costs more than it brings. A
# functions process that has started has used 1.4 processor seconds instead of 2.1. The threshold is hexadecimal.
export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=200 DOTNET_TC_QuickJitForLoops=1 DOTNET_EnableWriteXorExecute=0
# What tests build is compiled by it too.
export UseSharedCompilation=true SharedCompilationId="$compiler"

# What Debian and npm bring comes in beside the packages and the build.
SETUP_PARTS="opus judges azurite peers page" infra/setup.sh & tools=$!
SETUP_PARTS=restore infra/setup.sh || give_up
step "build" dotnet build Pipeline.sln -c Release --no-restore -v quiet --nologo || give_up
wait "$tools" || give_up
# Without a linker the test of the native image is skipped with a word, and the rest goes on.
if [ "$soak" = 1 ]; then SETUP_PARTS=linker infra/setup.sh || true; fi

if [ "$coverage" = 1 ]; then
  for name in "${wanted[@]:-Pipeline.sln}"; do
    step "build for coverage" dotnet build "$([ "$name" = Pipeline.sln ] && echo "$name" || echo "tests/$name")" -c Release -p:Coverage=true \
      --artifacts-path artifacts/coverage -v quiet --nologo || { failed_steps=1; finish 0 0 0; }
  done
fi

filter=(--filter-not-trait Category=Soak)
# What is counted for coverage is what all tests but the soaks reach.
[ "$long" = 1 ] || [ "$coverage" = 1 ] || filter+=(--filter-not-trait Category=Long)
# The functions' package as it is deployed, compiled ahead.
[ "$long" = 0 ] || export PIPELINE_READY_TO_RUN=1
limit=1800 # seconds for one project: a test that hangs fails its project and does not hold up the rest
[ "$soak" = 1 ] && { filter=(); limit=14400; }
# Where no test ends for two minutes, those that run are named in the log, again and again: its last lines say what hung.
hanging=(--long-running 120 --xunit-diagnostics on)

failures() { # failures LOG: each failed test with its message and output, and what stands after the last test
  awk '/^(passed|skipped) /{show=0} /^failed /{show=1} /^Test run summary/{show=1} show' "$1"
}

program() { # program NAME: the built test program
  if [ "$coverage" = 1 ]; then echo "artifacts/coverage/bin/$1/release/$1"; else echo "tests/$1/bin/Release/net10.0/$1"; fi
}

measured() { # measured NAME: what makes it count what it reaches
  [ "$coverage" = 0 ] || printf '%s\n' --coverlet --coverlet-output-format cobertura --coverlet-include '[Pipeline.*]*' --results-directory "$results/reached/$1"
}

reached() { # a line per product project and one for each of its folders, over all test projects
  find "$results/reached" -name 'coverage.cobertura*.xml' -exec cat {} + | awk '
    function value(name) { return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : "" }
    function both(counts, number) { counts[project] += number; if (folder != "") counts[folder] += number }
    /<package / { project = value("name") }
    /<class / {
      file = value("filename")
      inside = (at = index(file, project "/")) ? substr(file, at + length(project) + 1) : file
      folder = (at = index(inside, "/")) ? project "/" substr(inside, 1, at - 1) : ""
    }
    /<line / {
      key = project SUBSEP file SUBSEP value("number")
      if (!(key in lines)) { lines[key] = 1; both(all, 1) }
      if (value("hits") > 0 && !(key in hit)) { hit[key] = 1; both(seen, 1) }
      if (match($0, /\([0-9]+\/[0-9]+\)/)) {
        split(substr($0, RSTART + 1, RLENGTH - 2), part, "/")
        if (part[2] > ways[key]) { both(allWays, part[2] - ways[key]); ways[key] = part[2] }
        if (part[1] > taken[key]) { both(seenWays, part[1] - taken[key]); taken[key] = part[1] }
      }
    }
    END { for (name in all) printf "%-40s %5.1f %% of %6d lines  %5.1f %% of %6d branches\n", name, 100 * seen[name] / all[name],
      all[name], allWays[name] ? 100 * seenWays[name] / allWays[name] : 100, allWays[name] }' |
    grep -f <(for project in bot/*/ functions/*/ shared/*/; do echo "^$(basename "$project")[ /]"; done) | sort
}

run() { # run NAME: one project's tests; says how it went and writes "passed failed skipped" into a file
  local name=$1 log="$results/$1.log" began=$SECONDS threads=3 code p f s extra
  # A call lasts as long as it lasts, and so does what a message waits for in its queue: the processor waits with them.
  case "$name" in Pipeline.Bot.Tests|Pipeline.Functions.Tests) threads=6 ;; esac
  mapfile -t extra < <(measured "$name")
  timeout --kill-after=20 "$limit" \
    "$(program "$name")" "${extra[@]}" "${filter[@]}" "${hanging[@]}" --max-threads "$threads" --no-progress --no-ansi --output Detailed >"$log" 2>&1
  code=$?
  count() { sed -nE "s/^ *$1: ([0-9]+).*/\1/p" "$log" | tail -1; }
  p=$(count succeeded); f=$(count failed); s=$(count skipped)
  p=${p:-0} f=${f:-0} s=${s:-0}
  # A run that died before it could count is a failure even where no test failed.
  if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  echo "$p $f $s" >"$results/$name.count"
  # 2 says that tests failed. A run that ended in any other way is not mended by trying some of its tests once more.
  : >"$results/$name.failed"
  [ "$code" != 2 ] || sed -nE 's/^failed ([A-Za-z0-9_.]+).*/\1/p' "$log" | sort -u >"$results/$name.failed"
  {
    printf '%-7s %-36s %5d passed %4d failed %4d skipped %4d s\n' "$([ "$f" = 0 ] && echo ok || echo FAILED)" "$name" "$p" "$f" "$s" $((SECONDS - began))
    if [ "$code" = 124 ] || [ "$code" = 137 ]; then echo "test: $name ran longer than $limit s and was ended; the last lines are"; tail -5 "$log"; fi
    if [ "$f" != 0 ]; then failures "$log" | head -200; else grep -E '^(skipped|note:)' "$log" | head -20; fi
  } >"$results/$name.said"
  cat "$results/$name.said"
}

# Much of the time is spent waiting for other processes: two lanes take one project after the other, the long ones first.
long=(Pipeline.EndToEnd.Tests Pipeline.Functions.Tests Pipeline.Bot.Tests Pipeline.RecordingApi.Tests Pipeline.Page.Tests)
projects=("${long[@]}")
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  [[ " ${long[*]} " = *" $name "* ]] || projects+=("$name")
done
[ "${#wanted[@]}" = 0 ] || projects=("${wanted[@]}")
printf '%s\n' "${projects[@]}" >"$results/projects"
exec 7<"$results/projects" # The lanes read from it by turns: one place in it for all.

lane() {
  local name
  exec 8>"$results/turn"
  while flock 8 && read -r name <&7; do
    flock -u 8
    # A compiler that a test leaves running must not hold the turn of the others.
    run "$name" 7<&- 8>&-
  done
  flock -u 8
}
lane & lane &
step "format" dotnet format whitespace . --folder --verify-no-changes -v quiet || touch "$results/format.failed"
wait

again() { # again NAME: what failed beside other processes gets one more try alone, and is named in any case
  local name=$1 log="$results/$1.again.log" tests p f s
  mapfile -t tests <"$results/$name.failed"
  if [ ${#tests[@]} -eq 0 ] || [ ${#tests[@]} -gt 5 ]; then return; fi
  timeout --kill-after=20 "$limit" \
    "$(program "$name")" --filter-method "${tests[@]}" "${hanging[@]}" --no-progress --no-ansi --output Detailed >"$log" 2>&1 || { failures "$log" | head -60; return; }
  read -r p f s <"$results/$name.count"
  echo "$((p + f)) 0 $s" >"$results/$name.count"
  printf 'UNSTEADY %s: failed beside other processes (see above), passed alone\n' "${tests[@]}"
  unsteady=$((unsteady + ${#tests[@]}))
}
unsteady=0
for name in "${projects[@]}"; do [ -s "$results/$name.failed" ] && again "$name"; done

[ -e "$results/format.failed" ] && failed_steps=1
[ "$coverage" = 0 ] || reached

passed=0 failed=0 skipped=0
for name in "${projects[@]}"; do
  read -r p f s <"$results/$name.count" || { p=0 f=1 s=0; echo "FAILED  $name left no count"; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
finish "$passed" "$failed" "$skipped"

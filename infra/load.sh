#!/usr/bin/env bash
# Three hours with four speakers as fast as the machine allows, then ten minutes with 25 at once.
# Prints memory, spool, losses and latencies, and fails when a figure misses its goal.
#   infra/load.sh [--hours 3] [--speakers 4] [--crowd 25] [--crowd-minutes 10] [--speed 500] [--format wav]
#   infra/load.sh --files --speed 10 [--crowd-minutes 0]  people's files too, made while the call goes on, and ffmpeg's cost beside them
#   infra/load.sh --format both --speed 60                a round of WAV and a round of Opus segments, with what an hour of each asks of the storage
#                                                         (so slow that uploads keep up: thousands of waiting files are memory too)
#   infra/load.sh --call [--speakers 25] [--minutes 10]   a crowded call in real time, from the simulated Discord's sockets on
#   infra/load.sh --faults                                the long fault runs instead
#   infra/load.sh --files --no-ffmpeg --hours 12 --speakers 25 --pause 285 --speed 25 --crowd-minutes 0   half a day of 25 people, two of whom
#                                                         talk at a time, with every file (half an hour, 10 GB)
# The figures shown are the defaults. Ends with 0 where every goal is met, 1 where one is missed, 2 on a wrong argument (of --faults: a failed
# test), 5 where the machine lacks a program, 130 after Ctrl+C or SIGTERM.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
known="--hours --speakers --crowd --crowd-minutes --speed --format --files --pause --no-ffmpeg --call --minutes --faults"
for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/load.sh; exit 0 ;;
    -*) case " $known " in *" ${argument%%=*} "*) ;; *) echo "load: unknown argument '$argument'; known: $known" >&2; exit 2 ;; esac ;;
  esac
done
case " ${*:2} " in
  *" --call "*|*" --faults "*) echo "load: --call and --faults stand in front of everything else" >&2; exit 2 ;;
esac
infra/setup.sh
echo "load: building everything (the first time takes minutes)" >&2
dotnet build Pipeline.sln -c Release --no-restore -v quiet --nologo
run=load
case "${1:-}" in
  --faults)
    exec tests/Pipeline.EndToEnd.Tests/bin/Release/net10.0/Pipeline.EndToEnd.Tests --filter-trait Category=Soak --filter-not-namespace Pipeline.EndToEnd.Tests.RunScript \
      --no-progress --output Detailed ;;
  --call) run=crowd; shift ;;
esac
# The bot as it is deployed: compiled ahead of time, so that its memory is its own and not the JIT's.
SETUP_PARTS=linker infra/setup.sh
dotnet publish bot/Pipeline.Bot -c Release -r linux-x64 -p:PublishAot=true -o artifacts/bot -v quiet --nologo
export PIPELINE_BOT="$PWD/artifacts/bot/Pipeline.Bot"
exec dotnet tests/Pipeline.Demo/bin/Release/net10.0/Pipeline.Demo.dll "$run" "$@"

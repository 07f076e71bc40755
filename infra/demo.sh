#!/usr/bin/env bash
# A whole recorded call on this machine: Azurite, the functions app, a simulated Discord with three speakers, and the bot.
#   infra/demo.sh [--plain] [--identity] [--keep] [--jitter 20] [--talks 1]
#   --plain      a call without end-to-end encryption; without it the speakers are unmodified discord.js clients in an encrypted one
#   --identity   storage over HTTPS with tokens instead of keys
#   --keep       everything stays up until Ctrl+C; the links that are printed at the end open in a browser here
#   --jitter     milliseconds by which the network delays packets, 0 to 200, as 60 or 60ms (default: 20)
#   --talks      everybody talks so many times, 1 to 6, with pauses of 2 to 6 seconds between (default: 1)
# Ends with 0 where all is well, 1 where something is wrong, 2 on a wrong argument, 5 where the machine lacks a program, 130 after Ctrl+C or
# SIGTERM. With --keep Ctrl+C is its end, and the exit code is the run's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/demo.sh; exit 0 ;;
    --plain|--identity|--keep|--jitter|--jitter=*|--talks|--talks=*) ;;
    -*) echo "demo: unknown argument '$argument'; known: --plain --identity --keep --jitter --talks" >&2; exit 2 ;;
  esac
done
SETUP_PARTS="dotnet opus judges azurite peers" infra/setup.sh
echo "demo: building what it runs (the first time takes minutes)" >&2
# Compilers live for seconds: what the runtime counts for later is a fifth of their processor time.
DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0 dotnet build tests/Pipeline.Demo -c Release -v quiet --nologo
exec dotnet tests/Pipeline.Demo/bin/Release/net10.0/Pipeline.Demo.dll demo "$@"

#!/usr/bin/env bash
# A whole recorded call on this machine: Azurite, the functions app, a simulated Discord with three speakers, and the bot.
#   infra/demo.sh               an end-to-end encrypted call; the speakers are unmodified discord.js clients
#   infra/demo.sh --plain       a call without end-to-end encryption
#   infra/demo.sh --identity    storage over HTTPS with tokens instead of keys
#   infra/demo.sh --keep        everything stays up until Ctrl+C
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
infra/setup.sh
dotnet build tests/Pipeline.Benchmarks -c Release --no-restore -v quiet --nologo
exec dotnet tests/Pipeline.Benchmarks/bin/Release/net10.0/Pipeline.Benchmarks.dll demo "$@"

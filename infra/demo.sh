#!/usr/bin/env bash
# A whole recorded call on this machine: Azurite, the functions app, a simulated Discord with three speakers, and the bot.
#   infra/demo.sh               an end-to-end encrypted call; the speakers are unmodified discord.js clients
#   infra/demo.sh --plain       a call without end-to-end encryption
#   infra/demo.sh --identity    storage over HTTPS with tokens instead of keys
#   infra/demo.sh --keep        everything stays up until Ctrl+C; the page's link, printed at the end, opens in a browser here
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SETUP_PARTS="opus judges azurite peers" infra/setup.sh
# Restores and builds what this runs and nothing else.
dotnet build tests/Pipeline.Demo -c Release -v quiet --nologo
exec dotnet tests/Pipeline.Demo/bin/Release/net10.0/Pipeline.Demo.dll demo "$@"

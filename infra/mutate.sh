#!/usr/bin/env bash
# How much do the tests notice? Draws a random sample of semantic mutations of product code (boundary, negated condition, dropped
# statement, constant, early return, removed await, dropped check), tries each alone against the tests that cover it, and prints which
# were killed, which survived and which hung. It works in a copy of the tree and never in the checkout.
#   infra/mutate.sh [--seed 1] [--count 20] [--folder bot/Pipeline.Mls]... [--kind DroppedCheck]... [--distance 1] [--limit 600] [--list]
# Ends with 0 where everything was noticed, 1 where something survived, 2 on a wrong argument, 3 where a test fails without any mutation.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case " $* " in *" --list "*) ;; *) SETUP_PARTS="opus judges azurite peers page restore" infra/setup.sh ;; esac
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tree"
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done | tar --null -T - -cf - | tar -xf - -C "$copy/tree"
# What setup installed from lock files, and the vectors beside the tree, are read and not changed.
find . -name node_modules -type d -prune -not -path './artifacts/*' -print0 | while IFS= read -r -d '' folder; do cp -R "$folder" "$copy/tree/$folder"; done
if [ -d ../shared ]; then ln -s "$(cd ../shared && pwd)" "$copy/shared"; fi
cd "$copy/tree"
git init -q .
touch .copy-for-mutations
# Each test project is built when its turn comes.
dotnet build tests/Pipeline.Mutation -c Release -v quiet --nologo
dotnet tests/Pipeline.Mutation/bin/Release/net10.0/Pipeline.Mutation.dll "$copy/tree" "$@"

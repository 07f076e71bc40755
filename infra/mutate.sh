#!/usr/bin/env bash
# How much do the tests notice? Draws a random sample of semantic mutations of product code (boundary, negated condition, dropped
# statement, constant, early return, removed await, dropped check), builds all of them once, each behind a switch, tries each alone
# against the test classes that come by it, and prints which were killed, which survived and which hung. It works in a copy of the tree
# and never in the checkout.
#   infra/mutate.sh [--seed 1]... [--count 20] [--folder bot/Pipeline.Mls]... [--kind DroppedCheck]...
#                   [--distance 1] [--tests Pipeline.Bot.Tests.Capture]... [--slack 30] [--at-once 2] [--long] [--list]
#   --seed, --count   which sample (default: 1; more than one share the build), and of how many mutations that compile (default: 20)
#   --folder, --kind  only below this folder, only of this kind; both may be given more than once (default: all)
#   --distance        test projects so many references away run too (default: 1)
#   --tests           only tests of this namespace; may be given more than once (default: all of the project)
#   --slack           a run may take three times what it takes without a mutation, and so many seconds (default: 30)
#   --at-once         so many test projects run beside each other, 1 to 8 (default: 2)
#   --long            with the tests that only infra/test.sh --long runs (default: those of the default run)
#   --list            only lists what would be tried
# Ends with 0 where everything was noticed, 1 where something survived, 2 on a wrong argument, 3 where it does not build or more than ten
# tests of a project fail without any mutation (up to ten are named and not asked), 5 where the machine lacks a program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts="dotnet opus judges azurite peers page restore" known="--seed --count --folder --kind --distance --tests --slack --at-once --long --list"
for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/mutate.sh; exit 0 ;;
    --list) parts=dotnet ;;
    -*) case " $known " in *" ${argument%%=*} "*) ;; *) echo "mutate: unknown argument '$argument'; known: $known" >&2; exit 2 ;; esac ;;
  esac
done
SETUP_PARTS=$parts infra/setup.sh
echo "mutate: copying the tree and building what draws the mutations" >&2
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tree"
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done | tar --null -T - -cf - | tar -xf - -C "$copy/tree"
# What setup installed from lock files, and test vectors in a folder "shared" beside the tree, are read and not changed.
find . -name node_modules -type d -prune -not -path './artifacts/*' -print0 | while IFS= read -r -d '' folder; do cp -R "$folder" "$copy/tree/$folder"; done
if [ -d ../shared ]; then ln -s "$(cd ../shared && pwd)" "$copy/shared"; fi
cd "$copy/tree"
git init -q .
touch .git/copy-for-mutations
dotnet build tests/Pipeline.Mutation -c Release -v quiet --nologo
dotnet tests/Pipeline.Mutation/bin/Release/net10.0/Pipeline.Mutation.dll "$copy/tree" "$@"

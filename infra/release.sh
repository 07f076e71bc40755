#!/usr/bin/env bash
# Makes archives that run on a machine without .NET: the bot, the functions without a Functions host, and infra/run.sh with what it needs.
#   infra/release.sh [linux-x64] [linux-arm64] [osx-arm64] [win-x64]     these four are the default
#   infra/release.sh --output FOLDER                                     default: artifacts/release
# Each is pipeline-VERSION-SYSTEM.tar.gz; SHA256SUMS beside them is for sha256sum --check. The linux-x64 bot is native code where a linker is
# (SETUP_PARTS=linker infra/setup.sh) and brings libopus where this machine has it; the others decode with managed code.
# Ends with 0, with 2 on a wrong argument, else with what failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

known="linux-x64 linux-arm64 osx-arm64 win-x64" systems=() output=artifacts/release
while [ $# -gt 0 ]; do
  case "$1" in
    linux-x64|linux-arm64|osx-arm64|win-x64) systems+=("$1"); shift ;;
    --output) [ $# -ge 2 ] || { echo "release: --output needs a value" >&2; exit 2; }; output=$2; shift 2 ;;
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "release: unknown argument '$1'; known: $known --output" >&2; exit 2 ;;
  esac
done
[ ${#systems[@]} -gt 0 ] || read -ra systems <<<"$known"
version=$(sed -nE 's/.*<Version>([^<]+)<.*/\1/p' Directory.Build.props)
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for system in "${systems[@]}"; do
  name="pipeline-$version-$system" folder="$work/pipeline-$version-$system" bot=()
  # libopus of this machine is for this machine's kind only.
  [ "$system" = linux-x64 ] || bot=(-p:OpusFile=)
  echo "release: $name" >&2
  dotnet publish bot/Pipeline.Bot -c Release -r "$system" -o "$folder/bot" "${bot[@]}" -v quiet --nologo >&2
  dotnet publish functions/Pipeline.Functions.Local -c Release -r "$system" --self-contained -o "$folder/functions" -v quiet --nologo >&2
  find "$folder" -name '*.pdb' -delete
  mkdir -p "$folder/infra/azurite" "$folder/infra/systemd"
  cp infra/run.sh infra/setup.sh "$folder/infra/"
  cp infra/azurite/package.json infra/azurite/package-lock.json infra/azurite/{durable,indices}.cjs "$folder/infra/azurite/"
  cp infra/systemd/pipeline.service "$folder/infra/systemd/"
  cp README.md LICENSE "$folder/"
  tar --sort=name --owner=0 --group=0 --numeric-owner -C "$work" -czf "$output/$name.tar.gz" "$name"
  rm -rf "$folder"
done
(cd "$output" && sha256sum pipeline-"$version"-*.tar.gz >SHA256SUMS)
cat "$output/SHA256SUMS"

#!/usr/bin/env bash
# Records on your own server from this machine, without a cloud: storage (Azurite), the functions and the bot, until Ctrl+C.
#   DISCORD_TOKEN=... infra/run.sh [--data FOLDER] [--port 7071] [--public-url https://rec.example.org]
#   --data        where recordings, keys and what waits are kept (default: data)
#   --port        of the recording API and its pages, on 127.0.0.1
#   --public-url  what people's browsers reach, when a proxy of yours stands in front; without it links open on this machine only
# Ctrl+C drains: what the bot still holds is put into the storage first. The next start goes on with the same recordings.
# Ends with 0 after Ctrl+C or SIGTERM, 2 on a wrong argument or setting, 4 where the storage does not start.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'run: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-2}"; }

data=data port=7071 public=""
while [ $# -gt 0 ]; do
  case "$1" in
    --data|--port|--public-url) [ $# -ge 2 ] || fail "$1 needs a value" ;;
  esac
  case "$1" in
    --data) data=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    --public-url) public=$2; shift 2 ;;
    -h|--help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "unknown argument '$1'; known: --data --port --public-url" ;;
  esac
done
case "$port" in ''|*[!0-9]*) fail "--port is '$port', expected a number from 1 to 65535" ;; esac
[ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "--port is '$port', expected a number from 1 to 65535"
case "$public" in ''|https://*|http://127.0.0.1*|http://localhost*) ;; *) fail "--public-url is '$public', expected an https address" ;; esac
[ -n "${DISCORD_TOKEN:-}" ] || fail "DISCORD_TOKEN is not set: create an application at https://discord.com/developers/applications, copy its bot token, and start with DISCORD_TOKEN=... infra/run.sh"

SETUP_PARTS="opus azurite" infra/setup.sh
dotnet build functions/Pipeline.Functions.Local -c Release -v quiet --nologo >&2
dotnet build bot/Pipeline.Bot -c Release -v quiet --nologo >&2

# Only this user may read what was said.
umask 077
mkdir -p "$data"
data=$(cd "$data" && pwd)
mkdir -p "$data/storage" "$data/spool"
exec 8>"$data/lock"
if command -v flock >/dev/null && ! flock -n 8; then fail "another run.sh uses $data: end it first, or give --data another folder"; fi

secret() { # secret FILE: 32 random bytes as base64, made once
  [ -s "$1" ] || head -c 32 /dev/urandom | base64 | tr -d '\n' >"$1"
  cat "$1"
}
free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }

account=pipeline key=$(secret "$data/storage.key")
blob=$(free_port) queue=$(free_port) table=$(free_port)
export PipelineStorage="DefaultEndpointsProtocol=http;AccountName=$account;AccountKey=$key;BlobEndpoint=http://127.0.0.1:$blob/$account;QueueEndpoint=http://127.0.0.1:$queue/$account;TableEndpoint=http://127.0.0.1:$table/$account"
export Functions__Key RecordingApi__BaseUrl RecordingApi__ApiKey RECORDING_SPOOL_FOLDER
Functions__Key=$(secret "$data/api.key")
RECORDING_SPOOL_FOLDER="$data/spool"
api="http://127.0.0.1:$port"
export PUBLIC_BASE_URL="${public:-$api}"

storage() { AZURITE_ACCOUNTS="$account:$key" exec infra/azurite/node_modules/.bin/node infra/azurite/node_modules/azurite/dist/src/azurite.js \
  --location "$data/storage" --silent --skipApiVersionCheck --disableTelemetry \
  --blobHost 127.0.0.1 --blobPort "$blob" --queueHost 127.0.0.1 --queuePort "$queue" --tableHost 127.0.0.1 --tablePort "$table"; }
functions() { unset DISCORD_TOKEN; exec dotnet functions/Pipeline.Functions.Local/bin/Release/net10.0/Pipeline.Functions.Local.dll --urls "$api"; }
bot() { RecordingApi__BaseUrl=$api RecordingApi__ApiKey=$Functions__Key exec dotnet bot/Pipeline.Bot/bin/Release/net10.0/Pipeline.Bot.dll run; }

# Each in a process group of its own: Ctrl+C reaches this script only, which ends them one after the other.
set -m
declare -A pid=()
start() { # start NAME: its lines come with its name in front
  "$1" > >(exec sed -u "s/^/$1: /") 2>&1 &
  pid[$1]=$!
}
stop() { # stop NAME: asks it to end and waits
  [ -n "${pid[$1]:-}" ] || return 0
  kill -TERM "${pid[$1]}" 2>/dev/null || true
  wait "${pid[$1]}" 2>/dev/null || true
  unset "pid[$1]"
}
ending=0
trap 'ending=1' INT TERM
finish() { for name in bot functions storage; do stop "$name"; done; }
trap finish EXIT

answers() { # answers PORT: somebody listens there
  (exec 7<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
start storage
for _ in $(seq 300); do answers "$table" && answers "$queue" && answers "$blob" && break; kill -0 "${pid[storage]}" 2>/dev/null || break; sleep 0.1; done
answers "$blob" || fail "the storage does not start; its lines stand above" 4
start functions
for _ in $(seq 600); do answers "$port" && break; kill -0 "${pid[functions]}" 2>/dev/null || break; sleep 0.1; done
answers "$port" || fail "the functions do not start; their lines stand above"

# The first part of a token is the application's id in base64.
id=$(printf '%s==' "${DISCORD_TOKEN%%.*}" | base64 -d 2>/dev/null | tr -d '\0' || true)
case "$id" in
  ''|*[!0-9]*) say "invite: open your application's page at https://discord.com/developers/applications, OAuth2, scopes bot and applications.commands" ;;
  # View Channels, Send Messages, Embed Links, Connect, Change Nickname.
  *) say "invite: https://discord.com/oauth2/authorize?client_id=$id&scope=bot+applications.commands&permissions=68176896" ;;
esac
say "pages:  $PUBLIC_BASE_URL"
say "data:   $data"
say "Ctrl+C ends it; what is under way is put away first."
start bot

while [ "$ending" = 0 ]; do
  # Interrupted by a signal, or when one of the three has ended.
  code=0; wait -n "${pid[@]}" || code=$?
  [ "$ending" = 0 ] || break
  for name in storage functions bot; do
    kill -0 "${pid[$name]}" 2>/dev/null && continue
    # Wrong arguments, settings or a refused token do not mend themselves.
    case "$name:$code" in
      bot:2|bot:7|functions:2) fail "the $name ended with $code; its lines stand above" "$code" ;;
    esac
    say "the $name ended with $code; starting it again"
    sleep 2
    start "$name"
  done
done
say "ending: the bot puts away what it holds"

#!/usr/bin/env bash
# Records on your own server from this machine, without a cloud: storage (Azurite), the functions and the bot, until Ctrl+C.
#   DISCORD_TOKEN=... infra/run.sh [doctor] [--data FOLDER] [--port 7071] [--public-url https://rec.example.org] [--no-build]
#   doctor        from another terminal while it runs: checks token, permissions, storage, API and machine, and says what to do
#   --data        where recordings, keys and what waits are kept (default: data)
#   --port        of the recording API and its pages, on 127.0.0.1
#   --public-url  what people's browsers reach, when a proxy of yours stands in front (default: PUBLIC_BASE_URL); without it links open on this machine only
#   --no-build    start what was built before
# Ctrl+C drains: what the bot still holds is put into the storage first. The next start goes on with the same recordings.
# What ends by itself is started again. Finished tracks and mixes also lie as plain files in FOLDER/files (RENDER_FOLDER).
# Keys: FOLDER/api.key opens everything of the recording API (x-functions-key), FOLDER/bot.key is the bot's. With PROMETHEUS_ENDPOINT the
# bot's figures are there and the functions' at the next port.
# Ends with 0 after Ctrl+C or SIGTERM, 2 on a wrong argument or setting, 4 where the storage does not start, 5 where the machine lacks
# something (a port, a folder, a program; another run.sh has the folder), 7 where Discord refuses the token; doctor with the code
# of the first thing that is wrong.
set -euo pipefail
[ "${BASH_VERSINFO[0]}" -ge 5 ] || { echo "run: bash is ${BASH_VERSION}, 5 or newer is needed (macOS: brew install bash)" >&2; exit 5; }
started_in=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'run: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-2}"; }

data=$PWD/data port=7071 public=${PUBLIC_BASE_URL:-} build=1 doctor=0
while [ $# -gt 0 ]; do
  case "$1" in
    --data|--port|--public-url) [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value" ;;
  esac
  case "$1" in
    --data) data=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    --public-url) public=$2; shift 2 ;;
    --no-build) build=0; shift ;;
    doctor) doctor=1; shift ;;
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "unknown argument '$1'; known: doctor --data --port --public-url --no-build" ;;
  esac
done
case "$data" in /*) ;; *) data="$started_in/$data" ;; esac
case "$port" in ''|*[!0-9]*|??????*) fail "--port is '$port', expected a number from 1 to 65535" ;; esac
port=$((10#$port))
[ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "--port is '$port', expected a number from 1 to 65535"
[[ "$public" =~ ^(|https://[^/[:space:]]+/?|http://(127\.0\.0\.1|localhost)(:[0-9]+)?/?)$ ]] ||
  fail "--public-url (or PUBLIC_BASE_URL) is '$public', expected an https address without a path"
[ -n "${DISCORD_TOKEN:-}" ] || fail "DISCORD_TOKEN is not set: create an application at https://discord.com/developers/applications, copy its bot token, and start with DISCORD_TOKEN=... infra/run.sh"

answers() { (exec 7<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }   # answers PORT: somebody listens there
three_ports() { # three different ports that nobody listens at; all are held until all are known
  infra/azurite/node_modules/.bin/node -e '
    const servers = [0, 0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    let open = 0;
    for (const server of servers) server.on("listening", () => {
      if (++open < servers.length) return;
      console.log(servers.map(s => s.address().port).join(" "));
      for (const s of servers) s.close();
    });'
}
secret() { # secret FILE [url]: 32 random bytes as base64, made once; with url in the letters that need no escape in an address
  [ -s "$1" ] || { head -c 32 /dev/urandom | base64 | tr -d '\n' | { [ "${2:-}" = url ] && tr '+/' '-_' | tr -d '=' || cat; } >"$1.new" && mv "$1.new" "$1"; }
  cat "$1"
}

ending=0 waits_for= waker=
on_signal() {
  [ "$ending" = 0 ] || [ -z "$waits_for" ] || say "still ending: the $waits_for (process ${pid[$waits_for]:-}) puts away what it holds; kill -9 ends it at once, and the next start goes on"
  ending=1
  set +m # or the shell says "Done" of what ends now
  [ -z "$waker" ] || kill -TERM -- "-$waker" 2>/dev/null || true
}
trap on_signal INT TERM HUP

# Only this user may read what was said.
umask 077
[ "$doctor" = 0 ] || [ -s "$data/ports" ] || fail "there is nothing in $data yet: start infra/run.sh first, then run doctor beside it" 5
{ mkdir -p "$data/storage" "$data/spool" && : >>"$data/lock"; } 2>/dev/null ||
  fail "cannot write into $data: give --data a folder that $(id -un) may write" 5
data=$(cd "$data" && pwd)
chmod 700 "$data"
in_use="another run.sh uses $data: end it first, or give --data another folder"
exec 8<>"$data/lock"
if [ "$doctor" = 1 ]; then
  :
elif command -v flock >/dev/null; then
  flock -n 8 || fail "$in_use" 5
elif read -r owner <&8 && kill -0 "$owner" 2>/dev/null; then
  fail "$in_use" 5
fi
[ "$doctor" = 1 ] || echo $$ >"$data/lock"

# What a run.sh left behind that was killed: it would hold ports and recordings.
if [ "$doctor" = 0 ] && [ -s "$data/processes" ]; then
  while read -r name left; do
    case "$(ps -o args= -p "$left" 2>/dev/null)" in
      *Pipeline.Bot*|*Pipeline.Functions.Local*|*azurite.js*)
        say "ending the $name that an earlier run.sh left behind (process $left)"
        kill -TERM "$left" 2>/dev/null || true
        for _ in $(seq 600); do kill -0 "$left" 2>/dev/null || break; sleep 0.1; done ;;
    esac
  done <"$data/processes"
  rm -f "$data/processes"
fi
[ "$doctor" = 1 ] || ! answers "$port" || fail "port $port is taken: end what listens there, or give --port another" 5

# As it comes out of an archive of infra/release.sh, or as a clone that is built here.
stopped() { [ "$ending" = 0 ] || { say "stopped before anything was started"; exit 0; }; } # stopped: after Ctrl+C
# What they leave running must not hold the folder.
SETUP_PARTS="opus azurite" infra/setup.sh 8>&- || { stopped; exit 5; }
stopped
if [ -f bot/Pipeline.Bot ] && [ -f functions/Pipeline.Functions.Local ]; then
  bot=(bot/Pipeline.Bot) functions=(functions/Pipeline.Functions.Local)
else
  command -v dotnet >/dev/null || fail "the .NET SDK is missing: install .NET SDK 10 from https://dot.net and start again" 5
  if [ "$build" = 1 ] && [ "$doctor" = 0 ]; then
    say "building (the first time takes minutes)"
    for project in functions/Pipeline.Functions.Local bot/Pipeline.Bot; do
      dotnet build "$project" -c Release -v quiet --nologo >&2 8>&- || { stopped; fail "$project cannot be built; the lines above say why" 5; }
      stopped
    done
  fi
  bot=(dotnet bot/Pipeline.Bot/bin/Release/net10.0/Pipeline.Bot.dll)
  functions=(dotnet functions/Pipeline.Functions.Local/bin/Release/net10.0/Pipeline.Functions.Local.dll)
  [ -f "${bot[1]}" ] && [ -f "${functions[1]}" ] || fail "nothing is built yet: start without --no-build" 5
fi

# Recordings are found by the address of their storage: its ports are chosen once.
[ -s "$data/ports" ] || { three_ports >"$data/ports.new" && mv "$data/ports.new" "$data/ports"; } || fail "no free ports on 127.0.0.1" 5
read -r blob queue table <"$data/ports"
[ -n "$table" ] || fail "$data/ports reads '$(cat "$data/ports")', expected three ports: put back the file of your last backup, because recordings are found by these ports; delete it only if $data/storage is empty" 5
[ "$doctor" = 1 ] || for taken in $blob $queue $table; do
  ! answers "$taken" || fail "port $taken, which the storage in $data has had so far, is taken: end what listens there" 5
done

given_storage=${PipelineStorage:-}
account=pipeline key=$(secret "$data/storage.key") token=$DISCORD_TOKEN api="http://127.0.0.1:$port"
unset DISCORD_TOKEN   # for the bot alone
export PipelineStorage="DefaultEndpointsProtocol=http;AccountName=$account;AccountKey=$key;BlobEndpoint=http://127.0.0.1:$blob/$account;QueueEndpoint=http://127.0.0.1:$queue/$account;TableEndpoint=http://127.0.0.1:$table/$account"
# What this script decides itself. Keys and the spool may be chosen.
for name in RecordingApi__BaseUrl RecordingApi__ApiKey Functions__ServeStorage; do
  [ -z "${!name:-}" ] || { say "$name is set and not used: this script starts a recording API of its own and tells the bot"; unset "$name"; }
done
[ -z "${given_storage:-}" ] || say "PipelineStorage is set and not used: this script keeps a storage of its own in $data/storage"
api_key=${Functions__Key:-$(secret "$data/api.key" url)}
bot_key=${Functions__BotKey:-$(secret "$data/bot.key" url)}
unset Functions__Key Functions__BotKey
# Two programs cannot listen at one port.
functions_metrics=${PROMETHEUS_ENDPOINT:-}
if [[ "$functions_metrics" =~ ^(http://[^/]+):([0-9]{1,5})/?$ ]]; then functions_metrics="${BASH_REMATCH[1]}:$((10#${BASH_REMATCH[2]} + 1))"; fi

run_storage() { AZURITE_ACCOUNTS="$account:$key" exec infra/azurite/node_modules/.bin/node \
  --require "$PWD/infra/azurite/indices.cjs" --require "$PWD/infra/azurite/durable.cjs" \
  infra/azurite/node_modules/azurite/dist/src/azurite.js --location "$data/storage" --silent --skipApiVersionCheck --disableTelemetry \
  --blobHost 127.0.0.1 --blobPort "$blob" --queueHost 127.0.0.1 --queuePort "$queue" --tableHost 127.0.0.1 --tablePort "$table"; }
run_functions() { Functions__Key=$api_key Functions__BotKey=$bot_key PUBLIC_BASE_URL="${public:-$api}" Functions__ServeStorage=true \
  PROMETHEUS_ENDPOINT=$functions_metrics RENDER_FOLDER="${RENDER_FOLDER-$data/files}" exec "${functions[@]}" --urls "$api"; }
run_bot() { DISCORD_TOKEN=$token RecordingApi__BaseUrl=$api RecordingApi__ApiKey=$bot_key RECORDING_SPOOL_FOLDER="${RECORDING_SPOOL_FOLDER:-$data/spool}" \
  exec "${bot[@]}" "${1:-run}"; }
if [ "$doctor" = 1 ]; then run_bot doctor; fi

# Each in a process group of its own: Ctrl+C reaches this script only, which ends them one after the other.
set -m
declare -A pid=() began=() pause=()
remember() { for name in bot functions storage; do [ -z "${pid[$name]:-}" ] || echo "$name ${pid[$name]}"; done >"$data/processes"; }
start() { # start NAME: its lines come with its name in front
  "run_$1" > >(exec 8>&-; while IFS= read -r line; do printf '%s: %s\n' "$1" "$line"; done) 2>&1 8>&- &
  pid[$1]=$! began[$1]=$SECONDS
  remember
}
stop() { # stop NAME: asks it to end and waits; a signal to this script ends a wait, so it waits again
  local process=${pid[$1]:-}
  [ -n "$process" ] || return 0
  waits_for=$1
  # A signal is lost on a copy of this script that has not become the program yet.
  while [ "$(ps -o args= -p "$process" 2>/dev/null)" = "$(ps -o args= -p $$)" ]; do sleep 0.02; done
  kill -TERM "$process" 2>/dev/null || true
  while kill -0 "$process" 2>/dev/null; do wait "$process" 2>/dev/null || true; done
  waits_for=
  unset "pid[$1]"
}
end_waker() { # A signal that came before it was there has not ended it.
  [ -z "$waker" ] || { kill -TERM -- "-$waker" || true; wait "$waker" || true; } 2>/dev/null
}
finish() {
  end_waker
  for name in bot functions storage; do stop "$name"; done
  rm -f "$data/processes"
}
trap finish EXIT
until_answers() { # until_answers NAME PORT...: false when it has ended instead, or a signal came
  local name=$1 place; shift
  for place in "$@"; do
    until answers "$place"; do
      [ "$ending" = 0 ] && kill -0 "${pid[$name]}" 2>/dev/null || return 1
      sleep 0.1
    done
  done
}

start storage
until_answers storage "$blob" "$queue" "$table" || [ "$ending" = 1 ] || fail "the storage does not start; its lines stand above" 4
[ "$ending" = 1 ] || start functions
if [ "$ending" = 0 ] && ! until_answers functions "$port" && [ "$ending" = 0 ]; then
  code=0; wait "${pid[functions]}" || code=$?
  case "$code" in
    2) fail "the functions have a wrong setting; their lines stand above" 2 ;;
    69) fail "a port of the functions is taken; their lines stand above" 5 ;;
    *) fail "the functions do not start (exit code $code); their lines stand above" 5 ;;
  esac
fi

# The first part of a token is the application's id in base64.
id=$(printf '%s==' "${token%%.*}" | base64 -d 2>/dev/null | tr -d '\0' || true)
case "$id" in
  ''|*[!0-9]*) say "invite: open your application's page at https://discord.com/developers/applications, OAuth2, scopes bot and applications.commands" ;;
  # View Channels, Send Messages, Embed Links, Connect, Change Nickname.
  *) say "invite: https://discord.com/oauth2/authorize?client_id=$id&scope=bot+applications.commands&permissions=68176896" ;;
esac
if [ "$ending" = 0 ]; then
  say "pages:  ${public:-$api} (each recording opens by its link: in Discord, or /record link)"
  say "data:   $data; keys of the recording API: api.key opens everything, bot.key is the bot's"
  say "Ctrl+C ends it; what is under way is put away first."
  start bot
fi

again() { # again NAME CODE: starts what has ended, a little later each time while it does not last a minute
  if [ $((SECONDS - began[$1])) -ge 60 ]; then pause[$1]=1; else pause[$1]=$((${pause[$1]:-1} * 2)); fi
  [ "${pause[$1]}" -le 60 ] || pause[$1]=60
  say "the $1 ended with $2; starting it again in ${pause[$1]} s"
  sleep "${pause[$1]}" 8>&- & { wait -n $! "$waker" || true; } 2>/dev/null
  [ "$ending" = 1 ] || start "$1"
}
# A signal between a look at what it sets and the wait behind that look would be overlooked: it ends this process too, and so the wait. By an exit
# of its own, because the shell says of what a signal ends that it was killed.
{ set +m; trap 'exit 0' TERM; while kill -0 $$; do sleep 20 & wait $!; done; } >/dev/null 2>&1 8>&- & waker=$!
first=$SECONDS
while [ "$ending" = 0 ]; do
  # Until a signal comes, or one of the three has ended.
  { wait -n "${pid[@]}" "$waker" || true; } 2>/dev/null
  for name in storage functions bot; do
    if [ "$ending" = 1 ] || kill -0 "${pid[$name]}" 2>/dev/null; then continue; fi
    code=0; wait "${pid[$name]}" || code=$?
    [ "$ending" = 0 ] || continue
    # Wrong settings and a refused token do not mend themselves.
    case "$name:$code" in
      bot:7) fail "Discord refuses the bot (its line stands above). With a wrong token: Developer Portal > your application > Bot > Reset Token" 7 ;;
      # Neither does a port that somebody else has, or a folder; later it may be back.
      bot:5) [ $((SECONDS - first)) -ge 60 ] || fail "the bot lacks something on this machine; its lines stand above" 5
        again bot 5 ;;
      bot:2|functions:2) fail "the $name has a wrong setting; its lines stand above" 2 ;;
      *) again "$name" "$code" ;;
    esac
  done
done
end_waker
[ -z "${pid[bot]:-}" ] || say "ending: the bot puts away what it holds"

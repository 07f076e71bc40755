#!/usr/bin/env bash
# Installs what is missing and nothing else; run it as often as you like.
#   libopus      from the system's packages (as root; otherwise it says what to install, and the managed Opus is used)
#   judges       flac, ffmpeg, sox, opus-tools, unzip, libmp3lame, libgomp, and espeak-ng and pocketsphinx, which speak and hear, for tests, on request (as root; otherwise such tests are skipped)
#   Azurite      and the Node that it needs, from the lock file in infra/azurite
#   test peers   from the lock files in tests/peers
#   page         Chromium and what drives it, for the tests of the page; without Chromium they are skipped
#   packages     dotnet restore
#   linker       gcc, only on request: native AOT needs one
#   receiver     the peer of the "live" comparison, only on request
#   dotnet       nothing is installed: says what is missing when the .NET SDK is
# SETUP_PARTS="opus azurite peers page restore" chooses parts; these are the default. It takes no arguments but --help.
# Ends with 0, 2 on a wrong argument, 5 where a program is missing that it does not install; else with the code of what failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-5}"; }
case "${1:-}" in
  '') ;;
  -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/setup.sh; exit 0 ;;
  *) fail "unknown argument '$1'; parts are chosen by SETUP_PARTS, see infra/setup.sh --help" 2 ;;
esac
wants() { case " ${SETUP_PARTS:-opus azurite peers page restore} " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# Without pipes: under pipefail an early end of grep, or one of two names that ls does not find, would say no.
has_library() { compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/usr/lib*/$1" >/dev/null || compgen -G "/usr/local/lib/$1" >/dev/null; }

have_opus() {
  case "$(uname -s)" in
    Darwin) ls /opt/homebrew/lib/libopus.0.dylib /usr/local/lib/libopus.0.dylib 2>/dev/null | grep -q . ;;
    *) has_library libopus.so.0 ;;
  esac
}

# Without it everything runs too: what decodes then is managed code, at 1.9 times the processor time.
install_opus() {
  have_opus && return 0
  if [ "$(uname -s)" = Darwin ]; then say "libopus is not there: the managed Opus is used ('brew install opus' spares processor time)"; return 0; fi
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    say "libopus.so.0 is not there: the managed Opus is used (Debian, Ubuntu: 'sudo apt-get install -y libopus0'; elsewhere the package opus spares processor time)"
    return 0
  fi
  say "installing libopus0"
  apt_install libopus0 || say "libopus0 could not be installed: the managed Opus is used"
}

# apt_install PACKAGE...: hundreds of lines about what goes well are of no use to anybody; what apt said is shown where it fails.
apt_install() {
  local said
  said=$({ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } 2>&1) && return 0
  printf '%s\n' "$said" | tail -30 >&2
  return 1
}

# Programs that judge our files in tests, and libmp3lame, which writes MP3. A test whose program is missing is skipped with its name.
install_judges() {
  local missing=()
  command -v flac >/dev/null || missing+=(flac)
  command -v ffmpeg >/dev/null || missing+=(ffmpeg)
  command -v sox >/dev/null || missing+=(sox)
  command -v opusdec >/dev/null || missing+=(opus-tools)
  command -v unzip >/dev/null || missing+=(unzip)
  command -v espeak-ng >/dev/null || missing+=(espeak-ng)
  [ -x /usr/bin/pocketsphinx_continuous ] || missing+=(pocketsphinx)
  [ -d /usr/share/pocketsphinx/model/en-us ] || missing+=(pocketsphinx-en-us)
  has_library libgomp.so.1 || missing+=(libgomp1)
  has_library libmp3lame.so.0 || missing+=(libmp3lame0)
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    say "tests that need them are skipped: ${missing[*]} (Debian, Ubuntu: 'sudo apt-get install -y ${missing[*]}')"
    return 0
  fi
  say "installing ${missing[*]}"
  apt_install "${missing[@]}" || say "could not be installed: ${missing[*]}; tests that need them are skipped"
}

# npm_install FOLDER: from the lock file, only when the lock changed since the last time.
npm_install() {
  local folder=$1 stamp="$1/node_modules/.installed-lock"
  cmp -s "$folder/package-lock.json" "$stamp" && return 0
  command -v npm >/dev/null || fail "npm is missing: install Node.js 20 or newer and start again"
  say "installing $folder"
  (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >&2)
  cp "$folder/package-lock.json" "$stamp"
}

# The native AOT compiler links with clang or gcc.
install_linker() {
  command -v clang >/dev/null || command -v gcc >/dev/null && return 0
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || fail "no linker: install clang (or gcc) and zlib's headers and start again"
  say "installing gcc for the native AOT compiler"
  apt_install gcc libc6-dev zlib1g-dev || fail "no linker could be installed: install clang (or gcc) and zlib's headers and start again"
}

install_peers() {
  npm_install tests/peers/davey
  npm_install tests/peers/discordjs
  npm_install tests/peers/webhooks
  npm_install tests/peers/openapi
}

install_page() {
  npm_install tests/page
  [ -x "${CHROMIUM:-/usr/bin/chromium}" ] && return 0
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    say "chromium is missing, so the page is not tested: install it, or name a browser in CHROMIUM"
    return 0
  fi
  say "installing chromium"
  apt_install chromium fonts-dejavu-core || fail "chromium could not be installed: install it, or name a browser in CHROMIUM, and start again"
}

check_dotnet() {
  command -v dotnet >/dev/null || fail "the .NET SDK is missing: install .NET SDK 10 from https://dot.net and start again"
  dotnet --version >/dev/null || fail "the .NET SDK found here does not satisfy global.json: install .NET SDK 10 and start again"
}

if wants dotnet || wants restore; then check_dotnet; fi
if wants opus; then install_opus; fi
if wants judges; then install_judges; fi
if wants azurite; then npm_install infra/azurite; fi
if wants linker; then install_linker; fi
if wants peers; then install_peers; fi
if wants page; then install_page; fi
# Only the comparison in 'live' needs it: its native opus is compiled, which takes Node's headers and a compiler.
if wants receiver; then
  # Headers that came with Node spare their download.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ -f "$prefix/include/node/node.h" ] && export npm_config_nodedir="$prefix"
  npm_install tests/peers/receiver
fi
if wants restore; then dotnet restore Pipeline.sln -v quiet >&2; fi

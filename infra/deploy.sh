#!/usr/bin/env bash
# Brings the whole product into your subscription.
#   infra/deploy.sh ENVIRONMENT LOCATION             provision, publish, deploy
#   infra/deploy.sh ENVIRONMENT LOCATION --what-if   show what would change, touch nothing
# Needs az (2.76 or newer) and azd (both logged in; --what-if does without azd, and without what was chosen before), and the .NET SDK.
# The first deployment needs DISCORD_TOKEN; later ones keep the vault's.
# PIPELINE_DOCTOR_CHANNEL=ID: the doctor joins that voice channel for a moment; only when nothing is recorded in its server.
# PIPELINE_BOT_HOST=containerInstance, PIPELINE_BOT_SHARDS, PIPELINE_CELLS, PIPELINE_ALERT_EMAIL, DISCORD_GUILD_ID as in bicep/main.bicepparam.
# Ends with 0, 2 on a wrong argument or setting or where something is missing; else with the code of what failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "deploy: $1" >&2; exit 2; }
for argument in "$@"; do
  case "$argument" in -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' infra/deploy.sh; exit 0 ;; esac
done
[ $# -ge 2 ] && [ $# -le 3 ] || fail "usage: infra/deploy.sh ENVIRONMENT LOCATION [--what-if]"
environment=$1 location=$2 mode=${3:-deploy}
case "$mode" in deploy | --what-if) ;; *) fail "unknown argument '$mode'; known: --what-if" ;; esac
[[ "$environment" =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,63}$ ]] || fail "environment name '$environment' must be 1-64 letters, digits or hyphens, no hyphen first"
[[ "$location" =~ ^[A-Za-z0-9]+$ ]] || fail "location '$location' must be the name of a region, for example westeurope"
case "${PIPELINE_BOT_HOST:-containerApp}" in
  containerApp | containerInstance) ;;
  *) fail "PIPELINE_BOT_HOST is '$PIPELINE_BOT_HOST'; it must be containerApp or containerInstance" ;;
esac
require() { # require NAME FROM TO: not set, or a whole number in that range
  local given=${!1:-$2}
  [[ "$given" =~ ^(0|[1-9][0-9]{0,5})$ ]] && [ "$given" -ge "$2" ] && [ "$given" -le "$3" ] || fail "$1 is '$given'; it must be $2-$3"
}
require PIPELINE_BOT_SHARDS 1 64
require PIPELINE_FIRST_SHARD 0 65535
require PIPELINE_TOTAL_SHARDS 0 65536
require PIPELINE_CELLS 1 8
[[ "${PIPELINE_DOCTOR_CHANNEL:-}" =~ ^[0-9]*$ ]] || fail "PIPELINE_DOCTOR_CHANNEL is '$PIPELINE_DOCTOR_CHANNEL'; it must be the id of a voice channel, digits only"
command -v az >/dev/null || fail "az is missing: install the Azure CLI and start again"
az account show >/dev/null 2>&1 || fail "az is not logged in: run 'az login' and start again"
if [ "$mode" = deploy ]; then
  for tool in azd dotnet; do command -v "$tool" >/dev/null || fail "$tool is missing: install it and start again"; done
fi
export AZURE_ENV_NAME=$environment AZURE_LOCATION=$location

# A deployment keeps what was chosen in its outputs, where every machine finds it that deploys the environment again.
group_of_environment() { az group list --tag "azd-env-name=$environment" --query "[?starts_with(name, 'rg-pipeline-')].name | [0]" -o tsv; }
group=""
if command -v azd >/dev/null; then group=$(group_of_environment); fi
refuse_without_token() {
  [ "$mode" = --what-if ] || [ -n "${DISCORD_TOKEN:-}" ] ||
    fail "the first deployment of '$environment' needs DISCORD_TOKEN: copy it from the Bot page of your application and start again"
}
[ -n "$group" ] || refuse_without_token
if [ -n "$group" ]; then
  there=$(az group show --name "$group" --query location -o tsv)
  [ "${there,,}" = "${location,,}" ] ||
    fail "'$environment' lies in $there, not in $location: start again with $there, or choose another name for an environment in $location"
elif [ "$mode" = deploy ]; then
  # Its vault would have the same name.
  until=$(az keyvault list-deleted --resource-type vault --query \
    "[?properties.tags.\"azd-env-name\"=='$environment' && properties.location=='${location,,}'].properties.scheduledPurgeDate | [0]" -o tsv 2>/dev/null || true) # a subscription that never had a vault may refuse
  [ -z "$until" ] ||
    fail "'$environment' was destroyed, and the name of its vault is kept until $until: start again after that, or choose another name"
fi
open_environment() {
  azd env select "$environment" 2>/dev/null || azd env new "$environment" --location "$location" --subscription "$(az account show --query id -o tsv)"
}
known() { [[ "$(azd env get-value SERVICE_BOT_IMAGE_NAME --environment "$environment" 2>&1)" != *ERROR* ]]; } # a deployment was begun from here
value() { azd env get-value "$1" --environment "$environment" 2>/dev/null | grep -v '^ERROR' || true; }
keep() { # keep NAME: what is not given is as it was
  [ -n "${!1:-}" ] || export "$1=$(value "$1")"
  [ -n "${!1}" ] || unset "$1"
}
choices="PIPELINE_BOT_HOST PIPELINE_BOT_SHARDS PIPELINE_FIRST_SHARD PIPELINE_TOTAL_SHARDS PIPELINE_CELLS PIPELINE_ALERT_EMAIL DISCORD_GUILD_ID OTEL_EXPORTER_OTLP_ENDPOINT PUBLIC_BASE_URL"
cd infra
if [ -n "$group" ]; then
  open_environment
  if ! azd env refresh --no-prompt; then
    known || fail "'$environment' exists as $group, but its last deployment cannot be read, so what was chosen for it is not known here: deploy from the machine that made it, or delete it with infra/destroy.sh"
    echo "deploy: the last deployment of '$environment' cannot be read; going on with what this machine knows of it" >&2
  fi
  [ -n "$(value PIPELINE_KEY_VAULT)" ] || refuse_without_token
fi
for name in $choices; do keep "$name"; done
[ $((${PIPELINE_BOT_SHARDS:-1} % ${PIPELINE_CELLS:-1})) = 0 ] ||
  fail "PIPELINE_BOT_SHARDS is '${PIPELINE_BOT_SHARDS:-1}'; it must be a multiple of PIPELINE_CELLS, which is '${PIPELINE_CELLS:-1}'"

if [ "$mode" = --what-if ]; then
  keep SERVICE_BOT_IMAGE_NAME
  cd ..
  # Asks for no right to write: who looks at a change need not be able to make it.
  exec az deployment sub what-if --location "$location" --template-file bicep/main.bicep --parameters bicep/main.bicepparam \
    --validation-level ProviderNoRbac
fi

if [ "${PIPELINE_BOT_HOST:-containerApp}" = containerApp ] && [ ! -e /usr/lib/x86_64-linux-gnu/libopus.so.0 ]; then
  fail "libopus is missing: the bot's image takes it from the machine that publishes. On Debian or Ubuntu (x64) run 'sudo apt-get install -y libopus0'; elsewhere deploy from the workflow in .github/workflows"
fi
[ -n "$group" ] || open_environment
[ -n "$group" ] || azd env set SERVICE_BOT_IMAGE_NAME "" # a registry that was deleted has no image any more
for name in $choices; do [ -z "${!name:-}" ] || azd env set "$name" "${!name}"; done

remove_all() { # remove_all KIND PREFIX: the resources of that kind in the environment's group, if there was one already
  local names name
  [ -n "$group" ] || return 0
  names=$(az "$1" list --resource-group "$group" --query "[?starts_with(name, '$2')].name" -o tsv)
  for name in $names; do az "$1" delete --resource-group "$group" --name "$name" --yes >/dev/null; done
}

publish_functions() { # publish_functions GROUP NAME: to every functions app of the group but that one
  local package name
  package=$(mktemp -d)
  dotnet publish ../functions/Pipeline.Functions -c Release -o "$package/app" -p:PackageZip="$package/app.zip" -v quiet --nologo
  for name in $(az functionapp list --resource-group "$1" --query "[].name" -o tsv); do
    [ "$name" = "$2" ] || az functionapp deployment source config-zip --resource-group "$1" --name "$name" --src "$package/app.zip" >/dev/null
  done
  rm -rf "$package"
}

make() { # make up|provision: a functions app that has no package yet may refuse the key that goes into the vault; then it gets one first
  local made
  ! azd "$1" --no-prompt || return 0
  made=$(group_of_environment)
  [ -n "$made" ] || return 1
  echo "deploy: not everything could be made; publishing the functions, whose keys may need that, and trying once more" >&2
  publish_functions "$made" ""
  azd "$1" --no-prompt
}

if [ "${PIPELINE_BOT_HOST:-containerApp}" = containerInstance ]; then
  make provision
  azd deploy functions --no-prompt
  registry=$(value AZURE_CONTAINER_REGISTRY_ENDPOINT)
  image="$registry/pipeline-bot:$(git rev-parse --short HEAD 2>/dev/null || date -u +%Y%m%d%H%M%S)"
  # The registry's builder gets what the image copies and nothing else: no keys, recordings or builds of this machine.
  context=$(mktemp -d)
  mapfile -t copied < <(sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' Dockerfile | tr ' ' '\n')
  (cd .. && tar --exclude=bin --exclude=obj --exclude=.env -cf - infra/Dockerfile "${copied[@]}") | tar -xf - -C "$context"
  (cd "$context" && az acr build --registry "${registry%%.*}" --image "${image#*/}" --file infra/Dockerfile .)
  rm -rf "$context"
  azd env set SERVICE_BOT_IMAGE_NAME "$image"
  # What ran on the other platform would keep the shards' leases and the calls to itself.
  remove_all containerapp ca-bot-
  azd provision --no-prompt
else
  remove_all container ci-bot-
  make up
  # Once more, so that every shard and the doctor get the image that azd has just pushed.
  azd provision --no-prompt
  job=$(az containerapp job list --resource-group "$(value AZURE_RESOURCE_GROUP)" --query "[?starts_with(name, 'caj-doctor')].name | [0]" -o tsv)
  az containerapp job start --resource-group "$(value AZURE_RESOURCE_GROUP)" --name "$job" >/dev/null
  echo "the doctor runs as $job: if its log says that voice datagrams do not pass, deploy again with PIPELINE_BOT_HOST=containerInstance"
fi

# azd knows one functions service; the other cells get the same package.
[ "${PIPELINE_CELLS:-1}" = 1 ] || publish_functions "$(value AZURE_RESOURCE_GROUP)" "$(value PIPELINE_FUNCTIONS_NAME)"
echo "recording API: $(value PIPELINE_API_URL)"

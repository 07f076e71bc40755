#!/usr/bin/env bash
# Deletes an environment with everything in it, recordings included: infra/destroy.sh ENVIRONMENT --yes
#   ENVIRONMENT  as infra/deploy.sh was told it
#   --yes        that this is meant; without it nothing is deleted
# Needs az, logged in. Ends with 0 when it is gone, 2 where it was refused or nothing is called so; else with az's own code.
set -euo pipefail
fail() { echo "destroy: $1" >&2; exit 2; }
for argument in "$@"; do
  case "$argument" in -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
done
[ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: infra/destroy.sh ENVIRONMENT --yes"
environment=$1
# An empty name would be any environment's: az takes a tag without a value for "has that tag".
[[ "$environment" =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,63}$ ]] || fail "environment name '$environment' must be 1-64 letters, digits or hyphens, no hyphen first"
[ "${2:-}" = --yes ] || fail "this deletes all recordings of '$environment'; add --yes if you mean it"
command -v az >/dev/null || fail "az is missing: install the Azure CLI and start again"
az account show >/dev/null 2>&1 || fail "az is not logged in: run 'az login' and start again"
group=$(az group list --tag "azd-env-name=$environment" --query "[?starts_with(name, 'rg-pipeline-')].name | [0]" -o tsv)
[ -n "$group" ] || fail "no environment called '$environment' in this subscription"
az group delete --name "$group" --yes
echo "deleted $group; its vault's name stays reserved for 7 days: until then infra/deploy.sh takes another environment name"

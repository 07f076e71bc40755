#!/usr/bin/env bash
# Deletes an environment with everything in it, recordings included: infra/destroy.sh ENVIRONMENT --yes
set -euo pipefail
fail() { echo "destroy: $1" >&2; exit 2; }
[ $# -ge 1 ] || fail "usage: infra/destroy.sh ENVIRONMENT --yes"
environment=$1
[ "${2:-}" = --yes ] || fail "this deletes all recordings of '$environment'; add --yes if you mean it"
command -v az >/dev/null || fail "az is missing: install the Azure CLI and start again"
group=$(az group list --tag "azd-env-name=$environment" --query "[0].name" -o tsv)
[ -n "$group" ] || fail "no environment called '$environment' in this subscription"
az group delete --name "$group" --yes
echo "deleted $group; the vault's name stays reserved until its purge protection ends (7 days)"

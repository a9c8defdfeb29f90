#!/bin/sh
# Chooses the tier of the sandbox's hub before the deployment: free, unless the subscription already has a free hub.
# A hub cannot change between free and paid, so the choice is stored (azd: SANDBOX_HUB_SKU) and not changed.
set -eu
[ "${SANDBOX:-false}" = true ] && [ -z "${SANDBOX_HUB_SKU:-}" ] || exit 0
free=$(az iot hub list ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} \
  --query "[?sku.name=='F1'].name | [0]" --output tsv)
if [ -n "$free" ]; then
  echo "The subscription already has a free hub ($free): the sandbox's hub is an S1, about 25 USD a month."
  azd env set SANDBOX_HUB_SKU S1
else
  azd env set SANDBOX_HUB_SKU F1
fi

#!/bin/sh
# Deploys the package to the app of each location.
#   deployPackage.sh [--skip-first]
# Reads AZURE_RESOURCE_GROUP and FUNCTION_APP_NAMES (a JSON array), which are outputs of the deployment and stored by azd, and
# AZURE_SUBSCRIPTION_ID if az uses another subscription than azd.
set -eu
: "${AZURE_RESOURCE_GROUP:?set it to the resource group of the apps}"
: "${FUNCTION_APP_NAMES:?set it to the output FUNCTION_APP_NAMES, a JSON array}"
package=${PACKAGE:-dist/dps-canary.zip}
[ -f "$package" ] || { echo "$package does not exist: run npm run package first" >&2; exit 1; }

names=$(node -p 'JSON.parse(process.env.FUNCTION_APP_NAMES).join("\n")')
if [ "${1:-}" = --skip-first ]; then names=$(printf '%s\n' "$names" | tail -n +2); fi

for name in $names; do
  echo "$name: deploying $package"
  az functionapp deployment source config-zip \
    --resource-group "$AZURE_RESOURCE_GROUP" --name "$name" --src "$package" --output none \
    ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
done

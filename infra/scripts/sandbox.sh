#!/bin/sh
# Creates the enrollments of the sandbox, and stores the secrets of its four probes in the vault. Can be repeated: it does not change what exists.
# Reads AZURE_RESOURCE_GROUP, SANDBOX_DPS_NAME and KEY_VAULT_NAME, which are outputs of the deployment and stored by azd, and
# AZURE_SUBSCRIPTION_ID if az uses another subscription than azd.
# Needs az and the roles that the deployment gives to the principal that deploys the sandbox; new roles take effect after some minutes.
#
# Keys are passed from the service to the vault in memory and through a pipe, never in an argument, a file or the terminal.
set -eu
: "${AZURE_RESOURCE_GROUP:?set it to the resource group of the sandbox}"
: "${SANDBOX_DPS_NAME:?deploy with sandbox = true, and set it to the output of that name}"
: "${KEY_VAULT_NAME:?set it to the output of that name}"

attempts=${SANDBOX_ATTEMPTS:-20}
pause_seconds=${SANDBOX_PAUSE_SECONDS:-15}
folder=$(mktemp -d)

finish() {
  code=$?
  rm -rf "$folder"
  if [ "$code" -ne 0 ]; then
    cat >&2 <<MESSAGE
The sandbox is not ready: the last error is above. The app itself is deployed or will be; its sandbox probes show "unknown" until then.
Run it again:  azd hooks run postprovision      (with az alone: sh infra/scripts/sandbox.sh)
MESSAGE
  fi
}
trap finish EXIT

azure() { # az, on the subscription of the deployment
  az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
}

dps() { # dps GROUP-OF-COMMANDS VERB ARGUMENTS…
  commands=$1 verb=$2
  shift 2
  azure iot dps "$commands" "$verb" --dps-name "$SANDBOX_DPS_NAME" --resource-group "$AZURE_RESOURCE_GROUP" \
    --auth-type login "$@"
}

# A new role takes effect after some minutes. Until then the error is the same as for a missing role.
retry() { # retry WHAT COMMAND…: runs the command until it succeeds, and shows each error
  what=$1 attempt=1
  shift
  while ! "$@" 2>"$folder/error"; do
    if [ "$attempt" -ge "$attempts" ]; then
      cat "$folder/error" >&2
      return 1
    fi
    echo "$what: not possible yet, attempt $attempt of $attempts: $(tail -n 1 "$folder/error" | cut -c 1-160)" >&2
    attempt=$((attempt + 1))
    sleep "$pause_seconds"
  done
}

ensure_enrollment() { # ensure_enrollment COMMANDS ID ARGUMENTS…
  commands=$1 id=$2
  shift 2
  if dps "$commands" show --enrollment-id "$id" --output none 2>/dev/null; then
    echo "$id: already enrolled"
  else
    dps "$commands" create --enrollment-id "$id" --output none "$@" || return 1
    echo "$id: enrolled"
  fi
}

store() { # store NAME: the secret is in $value
  printf %s "$value" | azure keyvault secret set --vault-name "$KEY_VAULT_NAME" --name "$1" \
    --file /dev/stdin --encoding utf-8 --output none
}

store_key_of() { # store_key_of COMMANDS ENROLLMENT SECRET
  value=$(dps "$1" show --enrollment-id "$2" --show-keys --query attestation.symmetricKey.primaryKey --output tsv)
  retry "$3" store "$3"
}

create_certificate() { # the vault makes the key pair; only the certificate leaves it
  azure keyvault certificate show --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate --output none 2>/dev/null ||
    azure keyvault certificate create --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate --output none --policy '{
      "issuerParameters": { "name": "Self" },
      "keyProperties": { "keyType": "EC", "curve": "P-256", "exportable": true, "reuseKey": false },
      "secretProperties": { "contentType": "application/x-pem-file" },
      "x509CertificateProperties": {
        "subject": "CN=sandbox-certificate", "validityInMonths": 12,
        "keyUsage": ["digitalSignature"], "ekus": ["1.3.6.1.5.5.7.3.2"]
      }
    }'
}

# Without this, az asks whether to install the extension, and azd cannot reply.
az extension add --name azure-iot --upgrade --yes --only-show-errors

retry sandbox-key ensure_enrollment enrollment sandbox-key --attestation-type symmetrickey
store_key_of enrollment sandbox-key sandbox-key

retry sandbox-group ensure_enrollment enrollment-group sandbox-group
store_key_of enrollment-group sandbox-group sandbox-group-key

# An enrollment whose key is not in the vault: the probe presents another key, and must be refused.
retry sandbox-wrong-key ensure_enrollment enrollment sandbox-wrong-key --attestation-type symmetrickey
value=$(head -c 64 /dev/urandom | base64 | tr -d '\n')
retry sandbox-wrong-key store sandbox-wrong-key

retry sandbox-certificate create_certificate
azure keyvault certificate download --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate \
  --encoding PEM --file "$folder/sandbox-certificate.pem"
retry sandbox-certificate ensure_enrollment enrollment sandbox-certificate --attestation-type x509 \
  --certificate-path "$folder/sandbox-certificate.pem"

echo 'The sandbox is ready: with the next scheduled run three probes are accepted, and sandbox-wrong-key is refused.'

#!/bin/sh
# Makes the enrollments of the sandbox, and puts what its four probes name into the vault. Can be run again: what is there stays.
# Reads AZURE_RESOURCE_GROUP, SANDBOX_DPS_NAME and KEY_VAULT_NAME, as the deployment puts them out and azd keeps them.
# You need: az with the extension azure-iot, and the roles that docs/keys.md names ("Who may do this").
#
# A key goes from the service to the vault through a pipe: never into an argument, a file, or the terminal.
set -eu
: "${AZURE_RESOURCE_GROUP:?set it to the resource group of the sandbox}"
: "${SANDBOX_DPS_NAME:?deploy with sandbox = true, and set it to the output of that name}"
: "${KEY_VAULT_NAME:?set it to the output of that name}"

dps() { # dps GROUP-OF-COMMANDS VERB ARGUMENTS…
  commands=$1 verb=$2
  shift 2
  az iot dps "$commands" "$verb" --dps-name "$SANDBOX_DPS_NAME" --resource-group "$AZURE_RESOURCE_GROUP" \
    --auth-type login "$@"
}

into_vault() { # reads a value without a newline, and stores it as the secret $1
  tr -d '\n' | az keyvault secret set --vault-name "$KEY_VAULT_NAME" --name "$1" \
    --file /dev/stdin --encoding utf-8 --output none
}

ensure_enrollment() { # ensure_enrollment COMMANDS ID ARGUMENTS…
  commands=$1 id=$2
  shift 2
  if dps "$commands" show --enrollment-id "$id" --output none 2>/dev/null; then
    echo "$id: enrolled already"
  else
    dps "$commands" create --enrollment-id "$id" --output none "$@"
    echo "$id: enrolled"
  fi
}

ensure_enrollment enrollment sandbox-key --attestation-type symmetrickey
dps enrollment show --enrollment-id sandbox-key --show-keys \
  --query attestation.symmetricKey.primaryKey --output tsv | into_vault sandbox-key

ensure_enrollment enrollment-group sandbox-group
dps enrollment-group show --enrollment-id sandbox-group --show-keys \
  --query attestation.symmetricKey.primaryKey --output tsv | into_vault sandbox-group-key

# An enrollment with a key that the vault does not know: the probe presents another one, and has to be refused.
ensure_enrollment enrollment sandbox-wrong-key --attestation-type symmetrickey
head -c 64 /dev/urandom | base64 | into_vault sandbox-wrong-key

# The vault makes the key pair of the certificate; only the certificate leaves it here.
if ! az keyvault certificate show --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate --output none 2>/dev/null; then
  az keyvault certificate create --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate --output none --policy '{
    "issuerParameters": { "name": "Self" },
    "keyProperties": { "keyType": "EC", "curve": "P-256", "exportable": true, "reuseKey": false },
    "secretProperties": { "contentType": "application/x-pem-file" },
    "x509CertificateProperties": {
      "subject": "CN=sandbox-certificate", "validityInMonths": 12,
      "keyUsage": ["digitalSignature"], "ekus": ["1.3.6.1.5.5.7.3.2"]
    }
  }'
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
az keyvault certificate download --vault-name "$KEY_VAULT_NAME" --name sandbox-certificate \
  --encoding PEM --file "$folder/sandbox-certificate.pem"
ensure_enrollment enrollment sandbox-certificate --attestation-type x509 \
  --certificate-path "$folder/sandbox-certificate.pem"

echo 'The next tick finds the sandbox ready: three probes get in, and sandbox-wrong-key is refused.'

#!/bin/sh
# Throw-away keys, as the portal's image makes them before its API starts. This example's API signs nothing.
set -eu
openssl ecparam -name secp384r1 -genkey -noout -out "$JWK_PRIVATE_KEY_FILE"
openssl ec -in "$JWK_PRIVATE_KEY_FILE" -pubout -out "$JWK_PUBLIC_KEY_FILE" 2>/dev/null

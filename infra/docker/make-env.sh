#!/bin/sh
# sh infra/docker/make-env.sh: writes .env, the settings of docker-compose.yml with fresh secrets. Needs openssl.
set -eu
umask 077
cd "$(dirname "$0")/../.."
# A second run would lock the product out of the database that the first one made: a file that is there stays.
set -C
while IFS= read -r line; do
  case $line in
    '#'*) printf '%s\n' "$line" ;;
    *_SEALING_KEYS= | *_LEDGER_KEYS=) printf '%s%s\n' "$line" "$(openssl rand -base64 32)" ;;
    *=) printf '%s%s\n' "$line" "$(openssl rand -hex 32)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < .env.example > .env

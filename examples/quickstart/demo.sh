#!/bin/sh
# Runs inside `scalekit-apply emulator -- …`, which sets the address and the credentials of a local environment.
set -eu
cd "$(dirname "$0")"

say() { printf '\n$ %s\n' "$*"; "$@"; }

say scalekit-apply plan
say scalekit-apply apply --auto-approve
say scalekit-apply plan

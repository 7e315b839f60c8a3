#!/bin/sh
# Plans, for any CI service: plan.sh [FOLDER]
#
# Leaves in FOLDER (default: scalekit-plan) the plan to keep and a comment to post. Exits 0 when there is nothing to change,
# 2 when there is, and with another code when there is no plan to apply. BASE_REF, if set, is the commit before the change.
#
# Run by Atlantis and its like as the plan step of a custom workflow, with apply.sh as the apply step.
set -eu

folder="${1:-scalekit-plan}"
mkdir -p "$folder"
rm -f "$folder/plan.json" "$folder/comment.md"
set -- plan --out "$folder/plan.json" --output "markdown=$folder/comment.md" --detailed-exitcode
if [ -n "${BASE_REF:-}" ]; then
  set -- "$@" --base-ref "$BASE_REF"
fi
exec scalekit-apply "$@"

#!/bin/sh
# Applies what plan.sh left, and nothing else: apply.sh [FOLDER]
#
# Exits 6 and changes nothing when a connection of the plan moved since. A blocked or edited plan is refused.
set -eu

folder="${1:-scalekit-plan}"
exec scalekit-apply apply "$folder/plan.json" --output "json=$folder/result.json" --output "markdown=$folder/comment.md"

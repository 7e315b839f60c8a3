# Finds what was reviewed: the pull request behind the commit of this run, its plan and its comment.
# In: INPUT_WORKFLOW, INPUT_ARTIFACT (a name, or empty), SCALEKIT_ENVIRONMENT_URL.
# Out: pull-request, head-sha, run-id, artifact-id, fingerprint. Fails when there is no reviewed plan.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

folder="$RUNNER_TEMP"
repository="repos/$GITHUB_REPOSITORY"

# Right after a merge, GitHub may not know yet that the commit belongs to a pull request.
for attempt in 1 2 3 4 5; do
  api_list "$repository/commits/$GITHUB_SHA/pulls" >"$folder/pulls.json"
  jq --arg sha "$GITHUB_SHA" --arg base "$GITHUB_REF_NAME" \
    '[.[] | select(.merged_at != null and .merge_commit_sha == $sha and .base.ref == $base)]' \
    "$folder/pulls.json" >"$folder/merged.json"
  if [[ "$(jq length "$folder/merged.json")" != 0 ]]; then
    break
  fi
  sleep "$((attempt * ${SECONDS_BETWEEN:-2}))"
done
[[ "$(jq length "$folder/merged.json")" == 1 ]] ||
  fail 'No pull request was merged as this commit, so nobody reviewed a plan for it. Nothing was applied.'
number="$(jq '.[0].number' "$folder/merged.json")"
head="$(jq --raw-output '.[0].head.sha' "$folder/merged.json")"

run='' artifact=''
if [[ -n "${INPUT_ARTIFACT-}" ]]; then
  # A fork can run workflows, and an artifact can have any name: only a run of the plan workflow on this very head, in
  # this very repository, counts.
  jq --null-input --raw-output --arg name "$INPUT_ARTIFACT-$number-$head" '$name | @uri' >"$folder/name"
  api GET "$repository/actions/artifacts?per_page=100&name=$(<"$folder/name")" >"$folder/artifacts.json"
  jq --compact-output --arg head "$head" '[.artifacts[] | select((.expired | not) and .workflow_run.head_sha == $head
    and .workflow_run.head_repository_id == .workflow_run.repository_id)]
    | sort_by(.created_at) | reverse[] | {id, run: .workflow_run.id}' "$folder/artifacts.json" >"$folder/candidates"
  while IFS= read -r candidate; do
    run="$(jq '.run' <<<"$candidate")"
    api GET "$repository/actions/runs/$run" >"$folder/run.json"
    if jq --exit-status --arg path "$INPUT_WORKFLOW" '(.path | split("@")[0]) == $path and .event == "pull_request"
      and .conclusion == "success"' "$folder/run.json" >"$folder/answer.json"; then
      artifact="$(jq '.id' <<<"$candidate")"
      break
    fi
  done <"$folder/candidates"
  [[ -n "$artifact" ]] || fail "Pull request #$number has no plan for the commit that was merged. Nothing was applied."
fi

api_list "$repository/issues/$number/comments" >"$folder/comments.json"
fingerprint="$(jq --raw-output --arg environment "$(environment_name)" "$OURS"' | map(.body
  | capture("^<!-- scalekit-apply environment=(?<environment>[^ ]+) fingerprint=(?<fingerprint>sha256:[0-9a-f]{64}) ")?
  | select(.environment == $environment) | .fingerprint) | unique | if length == 1 then .[0] else "" end' \
  "$folder/comments.json")"
if [[ -z "$fingerprint" ]]; then
  if [[ -z "$artifact" ]]; then
    fail "Pull request #$number has no comment with one plan for this environment. Nothing was applied."
  fi
  warn "Pull request #$number has no comment with its plan: the plan is known by its artifact alone."
fi
printf '%s\n' "pull-request=$number" "head-sha=$head" "run-id=$run" "artifact-id=$artifact" \
  "fingerprint=$fingerprint" >>"$GITHUB_OUTPUT"

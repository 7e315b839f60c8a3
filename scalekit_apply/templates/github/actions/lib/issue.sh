# Keeps one open issue for an environment that drifted: opened or updated from ISSUE_FILE, closed when the drift is gone.
# In: ISSUE_FILE, DRIFTED (true or false). Fails when it cannot: nobody would hear of the drift.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

folder="$RUNNER_TEMP"
IFS= read -r marker <"$ISSUE_FILE"
marker="${marker%% fingerprint=*} "
[[ "$marker" == '<!-- scalekit-apply environment='* ]] || fail 'The report has no marker.'
environment="${marker#*environment=}"
environment="${environment% }"
api_list "repos/$GITHUB_REPOSITORY/issues" state=open >"$folder/issues.json"
known="$(jq --arg marker "$marker" "$OURS"' | map(select((has("pull_request") | not)
  and ((.body // "") | startswith($marker)))) | first | .number // empty' "$folder/issues.json")"
if [[ "$DRIFTED" == true ]]; then
  jq --null-input --rawfile body "$ISSUE_FILE" --arg title "Scalekit drift in $environment" \
    '{title: $title, body: $body}' >"$folder/issue.json"
  if [[ -n "$known" ]]; then
    api PATCH "repos/$GITHUB_REPOSITORY/issues/$known" "$folder/issue.json" >"$folder/answer.json"
  else
    api POST "repos/$GITHUB_REPOSITORY/issues" "$folder/issue.json" >"$folder/answer.json"
  fi
elif [[ -n "$known" ]]; then
  jq --null-input --rawfile body "$ISSUE_FILE" '{body: $body, state: "closed", state_reason: "completed"}' \
    >"$folder/issue.json"
  api PATCH "repos/$GITHUB_REPOSITORY/issues/$known" "$folder/issue.json" >"$folder/answer.json"
fi

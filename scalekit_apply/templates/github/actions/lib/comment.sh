# Writes COMMENT_FILE under the pull request of the event: over the comment that an earlier run left, if there is one.
# It is told by the first line, which names the environment. Never fails: a plan is worth more than its comment.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"
source "$(dirname "${BASH_SOURCE[0]}")/api.sh"

write_comment() {
  local number marker known folder="$RUNNER_TEMP"
  number="$(jq --exit-status '.pull_request.number' "$GITHUB_EVENT_PATH")" || return 1
  IFS= read -r marker <"$COMMENT_FILE" || return 1
  marker="${marker%% fingerprint=*} "
  [[ "$marker" == '<!-- scalekit-apply environment='* ]] || return 1
  jq --null-input --rawfile body "$COMMENT_FILE" '{body: $body}' >"$folder/comment.json" || return 1
  api_list "repos/$GITHUB_REPOSITORY/issues/$number/comments" >"$folder/comments.json" || return 1
  known="$(jq --arg marker "$marker" "$OURS"' | map(select(.body | startswith($marker))) | first | .id // empty' \
    "$folder/comments.json")" || return 1
  if [[ -n "$known" ]]; then
    api PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known" "$folder/comment.json" >"$folder/answer.json"
  else
    api POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" "$folder/comment.json" >"$folder/answer.json"
  fi
}

write_comment || warn 'The comment could not be written. The plan stands in the summary of this run.'

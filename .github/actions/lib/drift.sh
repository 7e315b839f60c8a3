# In: COMMAND, INPUT_CONFIG, credentials. Out: exit-code, summary, has-changes, fingerprint, issue-file.
# Exit code 2, that there is drift, is left to the issue.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"

read_config_options
folder="$(mktemp -d "$RUNNER_TEMP/drift.XXXXXX")"
code=0
"$COMMAND" drift "${config_options[@]}" --format=github --output="json=$folder/drift.json" \
  --output="text=$folder/drift.txt" --output="markdown=$folder/drift.md" || code=$?
summary="No answer: exit code $code." changes='' fingerprint=''
if ((code == 0 || code == 2)); then
  show 'Drift' "$folder/drift.txt"
  changes="$( ((code == 2)) && echo true || echo false)"
  fingerprint="$(jq --raw-output '.fingerprint' "$folder/drift.json")"
  summary="$(grep -E -m1 '^(Drift: |No drift\.)' "$folder/drift.txt")"
fi
summarize "$folder/drift.md"
printf '%s\n' "exit-code=$code" "summary=$summary" "has-changes=$changes" "fingerprint=$fingerprint" \
  "issue-file=$folder/drift.md" >>"$GITHUB_OUTPUT"
if ((code != 0 && code != 2)); then
  exit "$code"
fi

# In: COMMAND, INPUT_CONFIG, INPUT_BASE_REF, credentials.
# Out: exit-code, summary, has-changes, fingerprint, plan-file, comment-file. Does not fail: the last step of the action
# does, after the comment was written.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"

read_config_options
options=("${config_options[@]}")
if [[ -n "${INPUT_BASE_REF-}" ]]; then
  options+=("--base-ref=$INPUT_BASE_REF")
fi
folder="$(mktemp -d "$RUNNER_TEMP/plan.XXXXXX")"
code=0
"$COMMAND" plan "${options[@]}" --format=github --out="$folder/plan.json" --output="json=$folder/report.json" \
  --output="text=$folder/plan.txt" --output="markdown=$folder/plan.md" || code=$?
summary="No plan: exit code $code." changes='' fingerprint='' plan=''
if [[ -s "$folder/plan.json" ]]; then
  plan="$folder/plan.json"
  show 'Plan' "$folder/plan.txt"
  changes="$(jq '.resource_changes | length > 0' "$plan")"
  fingerprint="$(jq --raw-output '.fingerprint' "$plan")"
  summary="$(grep -E -m1 '^(Plan: |No changes\.)' "$folder/plan.txt")"
elif [[ ! -s "$folder/plan.md" ]]; then
  printf '<!-- scalekit-apply environment=- fingerprint=- truncated=false -->\n\n**No plan: exit code %s.** %s\n' \
    "$code" 'The log of this run says why.' >"$folder/plan.md"
fi
mark_environment "$folder/plan.md"
summarize "$folder/plan.md"
printf '%s\n' "exit-code=$code" "summary=$summary" "has-changes=$changes" "fingerprint=$fingerprint" \
  "plan-file=$plan" "comment-file=$folder/plan.md" >>"$GITHUB_OUTPUT"

# In: COMMAND, INPUT_PLAN_FILE, INPUT_EXPECT_FINGERPRINT, INPUT_CONFIG, INPUT_BASE_REF, credentials.
# Out: exit-code, summary, has-changes, fingerprint, plan-file.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"

read_config_options
plan="${INPUT_PLAN_FILE-}" expected="${INPUT_EXPECT_FINGERPRINT-}"
options=()
if [[ -n "$expected" ]]; then
  options+=("--expect-fingerprint=$expected")
fi
if [[ -n "$plan" ]]; then
  options+=(-- "$plan")
elif [[ -n "$expected" ]]; then
  options+=(--auto-approve "${config_options[@]}")
  if [[ -n "${INPUT_BASE_REF-}" ]]; then
    options+=("--base-ref=$INPUT_BASE_REF")
  fi
else
  fail 'Nothing was reviewed: give the input plan-file or expect-fingerprint.'
fi
folder="$(mktemp -d "$RUNNER_TEMP/apply.XXXXXX")"
code=0
"$COMMAND" apply --format=github --output="json=$folder/result.json" --output="text=$folder/result.txt" \
  --output="markdown=$folder/result.md" "${options[@]}" || code=$?
summary="Nothing was applied: exit code $code." changes=false fingerprint=''
if [[ -s "$folder/result.json" ]] && jq --exit-status 'has("results")' "$folder/result.json" >"$folder/has-results"; then
  show 'Result' "$folder/result.txt"
  changes="$(jq '[.results[] | select(.state == "applied")] | length > 0' "$folder/result.json")"
  fingerprint="$(jq --raw-output '.fingerprint' "$folder/result.json")"
  summary="$(jq --raw-output 'if .complete then "Apply complete: \(.summary.enabled) enabled, \(.summary.disabled) disabled."
    else "Apply incomplete: " + ([.summary | to_entries[] | select(.value > 0) | "\(.value) \(.key)"] | join(", ")) + "."
    end' "$folder/result.json")"
fi
summarize "$folder/result.md"
printf '%s\n' "exit-code=$code" "summary=$summary" "has-changes=$changes" "fingerprint=$fingerprint" \
  "plan-file=$plan" >>"$GITHUB_OUTPUT"
exit "$code"

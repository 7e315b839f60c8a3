# In: COMMAND, INPUT_CONFIG. Out: exit-code, summary.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"

read_config_options
folder="$(mktemp -d "$RUNNER_TEMP/validate.XXXXXX")"
code=0
"$COMMAND" validate "${config_options[@]}" --format=github --output="json=$folder/report.json" \
  --output="text=$folder/report.txt" || code=$?
summary="Validation ended with exit code $code."
if [[ -s "$folder/report.json" ]]; then
  summary="$(jq --raw-output '[.diagnostics[].severity] as $found
    | def count(kind): [$found[] | select(. == kind)] | length;
      (if count("error") > 0 then "Invalid" else "Valid" end)
      + ": \(count("error")) errors, \(count("warning")) warnings."' "$folder/report.json")"
  show 'Configuration' "$folder/report.txt"
fi
printf '%s\n' "$summary" >>"$GITHUB_STEP_SUMMARY"
printf 'exit-code=%s\nsummary=%s\n' "$code" "$summary" >>"$GITHUB_OUTPUT"

# Sourced: the GitHub API with curl. Bodies are files; the token stands in no argument that other processes see.

# api METHOD PATH [BODY_FILE]: prints the answer, fails unless it is a success.
api() {
  local options=(--silent --show-error --fail --max-time 30 --request "$1")
  options+=(--header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28')
  if [[ "$1" == GET ]]; then
    # Only what can be sent twice.
    options+=(--retry 3)
  fi
  if [[ -n "${3-}" ]]; then
    options+=(--header 'Content-Type: application/json' --data-binary "@$3")
  fi
  curl "${options[@]}" --config <(printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN") \
    "$GITHUB_API_URL/$2"
}

# api_list PATH [QUERY]: prints one array with the entries of all pages.
api_list() {
  local page=1 folder count
  folder="$(mktemp -d "$RUNNER_TEMP/pages.XXXXXX")"
  while :; do
    api GET "$1?${2:+$2&}per_page=100&page=$page" >"$folder/$page.json"
    count="$(jq length "$folder/$page.json")"
    if ((count < 100 || page >= 100)); then
      break
    fi
    page=$((page + 1))
  done
  jq --slurp add "$folder"/*.json
}

# Keeps what the token of a workflow wrote: anybody can write a comment that looks like ours.
# shellcheck disable=SC2034  # used by those who source this
OURS='[.[] | select(.user.type == "Bot" and .user.login == "github-actions[bot]")]'

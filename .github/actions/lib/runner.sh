# Sourced by the scripts beside it. Values arrive in variables and files, never as text inside of a script.
set -euo pipefail

fail() {
  printf '::error title=scalekit-apply::%s\n' "$1"
  exit 1
}

warn() {
  printf '::warning title=scalekit-apply::%s\n' "$1"
}

# Fills `config_options` from INPUT_CONFIG, one path a line.
read_config_options() {
  config_options=()
  local line
  while IFS= read -r line; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    if [[ -n "$line" ]]; then
      config_options+=("--config=$line")
    fi
  done <<<"${INPUT_CONFIG-}"
}

# Shows a file in the log, where nothing in it can be taken for a command of the runner.
show() {
  local token
  token="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  printf '::group::%s\n::stop-commands::%s\n' "$1" "$token"
  cat "$2"
  printf '\n::%s::\n::endgroup::\n' "$token"
}

# Appends a Markdown file to the summary of the step. The Markdown of scalekit-apply is far below the limit of 1 MiB.
summarize() {
  if [[ -s "$1" ]]; then
    cat "$1" >>"$GITHUB_STEP_SUMMARY"
  fi
}

# The environment as the marker of a comment writes it.
environment_name() {
  local name="${SCALEKIT_ENVIRONMENT_URL-}"
  while [[ "$name" == */ ]]; do
    name="${name%/}"
  done
  printf '%s' "${name,,}"
}

# A run without a plan does not know its environment. Its comment has to replace that of the run before all the same.
mark_environment() {
  local name first
  name="$(environment_name)"
  if [[ "$name" =~ ^https?://[a-z0-9.:-]+$ ]] && IFS= read -r first <"$1"; then
    if [[ "$first" == '<!-- scalekit-apply environment=- '* ]]; then
      {
        printf '%s\n' "${first/environment=- /environment=$name }"
        tail -n +2 "$1"
      } >"$1.marked"
      mv "$1.marked" "$1"
    fi
  fi
}

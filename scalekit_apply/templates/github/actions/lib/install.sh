# Installs scalekit-apply into a folder of its own in this job. Nothing of it is put on the PATH.
# In: INPUT_VERSION, a version, or a wheel in the workspace; empty for the checkout that holds this action. Out: command.
source "$(dirname "${BASH_SOURCE[0]}")/runner.sh"

version="${INPUT_VERSION-}"
home="${version:-checkout}"
home="$RUNNER_TEMP/scalekit-apply-${home##*/}"
if [[ "$version" == *.whl ]]; then
  requirement="$GITHUB_WORKSPACE/$version"
  [[ -f "$requirement" ]] || fail 'The input version names a wheel that is not in the workspace.'
elif [[ -n "$version" ]]; then
  [[ "$version" =~ ^[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?$ ]] || fail 'The input version is not a version such as 1.2.3.'
  requirement="scalekit-apply==$version"
else
  requirement="$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)"
  grep --quiet --no-messages --line-regexp 'name = "scalekit-apply"' "$requirement/pyproject.toml" ||
    fail 'This copy of the action does not stand in the repository of scalekit-apply: give the input version.'
fi
if [[ ! -x "$home/bin/scalekit-apply" ]]; then
  # -I: a file of the checkout must not pass for a module.
  python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail 'Python 3.11 or newer is needed as python3: put actions/setup-python before this step.'
  python3 -I -m venv "$home"
  "$home/bin/python" -I -m pip --disable-pip-version-check install --quiet "$requirement"
fi
printf 'command=%s\n' "$home/bin/scalekit-apply" >>"$GITHUB_OUTPUT"

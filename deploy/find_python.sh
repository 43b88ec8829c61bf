#!/usr/bin/env bash
# Prints the path of a Python 3.10 that really runs and can make a virtualenv.
# Looks at $PYTHON, PATH, pyenv's versions and uv's, in that order; says in one sentence how to get one.
set -u

fits() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1
}

candidates() {
  [ -n "${PYTHON:-}" ] && echo "$PYTHON"
  # Every one on PATH, not only the first: a shim of pyenv's may stand before one that works.
  type -aP python3.10 python3 python 2>/dev/null
  for root in "${PYENV_ROOT:-}" "$HOME/.pyenv"; do
    [ -n "$root" ] && ls -d "$root"/versions/3.10*/bin/python 2>/dev/null | sort -Vr
  done
  for uv in $(type -aP uv 2>/dev/null); do "$uv" python find 3.10 2>/dev/null; done
}

while read -r python; do
  if fits "$python"; then
    "$python" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
    exit 0
  fi
done < <(candidates)

for uv in $(type -aP uv 2>/dev/null); do
  echo "Python 3.10 is not here; uv fetches one…" >&2
  if "$uv" python install 3.10 >&2 && python=$("$uv" python find 3.10) && fits "$python"; then
    echo "$python"
    exit 0
  fi
done

echo "Python 3.10 (with venv) is needed and was not found: install it with 'uv python install 3.10'," \
  "'pyenv install 3.10', 'apt install python3.10-venv' or 'brew install python@3.10'," \
  "or name one: make setup PYTHON=/path/to/python3.10" >&2
exit 1

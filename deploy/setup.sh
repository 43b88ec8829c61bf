#!/usr/bin/env bash
# Makes .venv with everything in requirements.txt; does nothing when that is done already.
#   PYTHON=/path/to/python3.10   the Python to build on (default: deploy/find_python.sh looks for one)
#   TORCH_BACKEND=cpu            take torch from PyTorch's own index without CUDA (PyPI's is a 3 GB download)
set -euo pipefail
cd "$(dirname "$0")/.."

backend=${TORCH_BACKEND:-}
stamp=.venv/.requirements.sum
wanted="$(cksum < requirements.txt) ${backend:-default}"

venv_runs() {
  .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1
}

if venv_runs && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

if ! venv_runs; then
  python=$(bash deploy/find_python.sh)
  echo "→ making .venv with $python"
  rm -rf .venv
  "$python" -m venv .venv
  # What a hand-typed `rasa …` in the activated virtualenv needs too.
  printf '\nexport RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=2\n' >> .venv/bin/activate
fi

twice() {
  "$@" && return 0
  echo "→ that failed; one more try in 5 seconds" >&2
  sleep 5
  "$@"
}

uv=$(grep -E '^uv==' requirements.txt)
if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "${uv#uv==}" ]; then
  echo "→ putting $uv into .venv"
  twice .venv/bin/python -m pip install --quiet --disable-pip-version-check "$uv"
fi

list=requirements.txt
options=()
if [ -n "$backend" ]; then
  # PyPI's torch names its CUDA parts as requirements of their own; other builds have none.
  list=$(mktemp)
  trap 'rm -f "$list"' EXIT
  grep -vE '^(nvidia-|cuda-|triton==)' requirements.txt > "$list"
  options+=(--torch-backend "$backend")
fi
echo "→ installing $(grep -c == "$list") packages (the first time about 4 GB to fetch, 8 GB on disk)"
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-120}
twice .venv/bin/uv pip install --python .venv/bin/python ${options[@]+"${options[@]}"} -r "$list"
echo "$wanted" > "$stamp"
echo "→ set up"

#!/usr/bin/env bash
# Every test, in two processes for two cores: the tests of whole bots (stories, e2e) beside all the others.
# The first one's output is shown when both are done, so that the two do not mix.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
.venv/bin/python -m pytest tests/stories tests/e2e >"$log" 2>&1 &
bots=$!
trap 'kill -INT "$bots" 2>/dev/null; rm -f "$log"' EXIT
.venv/bin/python -m pytest tests/house tests/unit tests/integration
rest=$?
echo "→ and the tests of whole bots, which ran beside these:"
wait "$bots"
whole=$?
cat "$log"
exit $((rest != 0 || whole != 0))

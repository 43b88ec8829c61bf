#!/usr/bin/env bash
# Every test, in two processes for two cores: those with servers and browsers (integration, stories, e2e) beside the rest.
# The first one's output is shown when both are done, so that the two do not mix.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
.venv/bin/python -m pytest tests/integration tests/stories tests/e2e >"$log" 2>&1 &
bots=$!
trap 'kill -INT "$bots" 2>/dev/null; rm -f "$log"' EXIT
.venv/bin/python -m pytest tests/house tests/unit
rest=$?
echo "→ and the tests with servers and browsers, which run beside these:"
wait "$bots"
whole=$?
cat "$log"
exit $((rest != 0 || whole != 0))

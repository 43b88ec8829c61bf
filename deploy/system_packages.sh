#!/usr/bin/env bash
# The Debian packages that the tests use: installs the missing ones when root, else names them.
set -u

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v redis-server >/dev/null || missing+=(redis-server)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
{ command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn)" ]; } || missing+=(fontconfig fonts-noto-cjk)

[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "→ installing Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq && $install -qq >/dev/null; then
    exit 0
  fi
  echo "→ that failed; the tests that need them will say so" >&2
else
  echo "→ some tests need programs that are not here: sudo $install" >&2
fi
exit 0

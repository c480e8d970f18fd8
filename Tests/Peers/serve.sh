#!/bin/sh
# Asks a server what strangers will: OpenAI's own client, hostile ones, Prometheus, and a browser.
#
#   Tests/Peers/serve.sh [STRATA] [PICTURES]
#
# Fetches the clients with pip, once, into .peers. Prometheus with promtool (Debian's prometheus), Chromium (chromium and
# chromium-driver), curl and openssl have to be installed. Pictures of the live page go to the folder PICTURES, if it is given.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
pictures=${2:+$(realpath "$2")}
cd "$(dirname "$0")/../.."
mkdir -p .peers
[ -x .peers/venv/bin/python ] || python3 -m venv .peers/venv
python=.peers/venv/bin/python
if ! $python -c "import openai, selenium" 2>/dev/null; then
  echo "installing openai and selenium in .peers/venv"
  .peers/venv/bin/pip install --quiet openai selenium
fi
folder=$(mktemp -d)
pid=""
trap '[ -z "$pid" ] || kill $pid 2>/dev/null || true; rm -rf "$folder"' EXIT
status=0

# Starts a server with these options, in place of the one before, and sets $url.
start() {
  [ -z "$pid" ] || { kill $pid; wait $pid || status=1; }
  "$strata" serve --model Tests/Fixtures/tiny-moe --chat-template Tests/Peers/chat.jinja --port 0 --log-format json \
    "$@" 2>"$folder/log" &
  pid=$!
  url=""
  while [ -z "$url" ]; do
    sleep 0.2
    kill -0 $pid || { cat "$folder/log"; exit 1; }
    url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$folder/log")
  done
}

start
echo "== OpenAI's Python client"
$python Tests/Peers/openai_client.py "$url" || status=1
echo "== the live page in Chromium"
$python Tests/Peers/live_page.py "$url" "${pictures:-$folder/pictures}" || status=1
echo "== every line of the log is JSON"
$python -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$folder/log" || status=1
echo "== Prometheus"
$python Tests/Peers/scraped.py "$url" || status=1
echo "== promtool check metrics: nothing but the colon"
curl -s "$url/metrics" | promtool check metrics 2>&1 | grep -v "metric names should not contain ':'" && status=1
start --metrics-prefix strata_
curl -s "$url/v1/completions" -H 'Content-Type: application/json' -d '{"prompt":"a","max_tokens":4}' >/dev/null
echo "== promtool check metrics, without the colon: nothing"
curl -s "$url/metrics" | promtool check metrics || status=1
start --idle-timeout 2
echo "== hostile clients"
$python Tests/Peers/hostile_client.py "$url" || status=1
echo "== TLS"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
start --tls-certificate "$folder/certificate.pem" --tls-key "$folder/key.pem"
curl -s --cacert "$folder/certificate.pem" "$url/v1/completions" -H 'Content-Type: application/json' \
  -d '{"prompt":"And it came to pass","max_tokens":4}' | grep '"choices"' || status=1
curl -s "$url/health" && { echo "a certificate that nobody knows was taken"; status=1; }
curl -s "http://${url#https://}/health" && { echo "it answers without TLS"; status=1; }
echo "== SIGTERM and SIGKILL under load"
$python Tests/Peers/killed.py "$strata" || status=1
echo "== spans"
$python Tests/Peers/spans.py "$strata" || status=1
echo "== what the documentation prints"
$python Tests/Peers/documented.py "$strata" || status=1
exit $status

"""Takes spans as a collector of OpenTelemetry would, and checks that they tell what became of requests.

    spans.py STRATA
"""

import http.client
import http.server
import json
import os
import subprocess
import sys
import threading

STRATA = os.path.realpath(sys.argv[1])
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
spans = []


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in body["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                spans.extend(scope["spans"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def attribute(span, name):
    return next((own["value"] for own in span["attributes"] if own["key"] == name), None)


def check(name, holds, what=""):
    print(f"{'ok' if holds else 'FAILED'}: {name}" + ("" if holds else f": {what}"))
    return holds


collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=collector.serve_forever, daemon=True).start()
server = subprocess.Popen(
    [STRATA, "serve", "--model", "Tests/Fixtures/tiny-moe", "--port", "0", "--otlp-traces-endpoint",
     f"http://127.0.0.1:{collector.server_port}/v1/traces"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
port = next(int(line.rsplit(":", 1)[1]) for line in server.stderr if "url=" in line)
threading.Thread(target=server.stderr.read, daemon=True).start()


def ask(traceparent, stream):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json"}
    if traceparent:
        headers["traceparent"] = traceparent
    body = {"prompt": "And it came to pass", "max_tokens": 5, "n": 2, "stream": stream}
    connection.request("POST", "/v1/completions", json.dumps(body), headers)
    connection.getresponse().read()


ask(f"00-{TRACE}-{PARENT}-01", True)
ask(None, False)
ask(f"00-{TRACE}-{PARENT}-00", False)
server.terminate()
server.wait(60)

requests = [span for span in spans if span["kind"] == 2]
mine = [span for span in requests if span["traceId"] == TRACE]
parts = [span for span in spans if mine and span.get("parentSpanId") == mine[0]["spanId"]]
own = [span for span in requests if span["traceId"] != TRACE]
results = [
    check("the request that asks for it and the one without a trace have spans", len(requests) == 2, requests),
    check("the header's trace and span are those above", [span["parentSpanId"] for span in mine] == [PARENT], mine),
    check("a new trace has nothing above", len(own) == 1 and "parentSpanId" not in own[0], own),
    check("each choice has three parts", sorted(span["name"] for span in parts) == 2 * ["decode"] + 2 * ["prefill"] + 2 * ["queue"], parts),
    check("all tokens are counted", all(attribute(span, "gen_ai.usage.output_tokens") == {"intValue": "10"} for span in requests), requests),
    check("parts lie inside the whole", all(
        int(mine[0]["startTimeUnixNano"]) - 10**7 <= int(part["startTimeUnixNano"]) <= int(part["endTimeUnixNano"])
        <= int(mine[0]["endTimeUnixNano"]) for part in parts), (mine, parts)),
]
sys.exit(not all(results))

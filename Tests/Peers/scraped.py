"""Lets Prometheus scrape a running server, and asks it what it has seen: `scraped.py URL`."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

URL = sys.argv[1].rstrip("/")
TARGET = urllib.parse.urlsplit(URL).netloc
CONFIGURATION = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: strata
    static_configs: [{targets: ["%s"]}]
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def query(base, text):
    """The values of an instant query, by their labels."""
    answer = json.load(urllib.request.urlopen(f"{base}/api/v1/query?" + urllib.parse.urlencode({"query": text})))
    assert answer["status"] == "success", answer
    return [(entry["metric"], float(entry["value"][1])) for entry in answer["data"]["result"]]


def scraped(base):
    # Tokens are counted by the time that their answer is there, or a moment later.
    body = json.dumps({"prompt": "And it came to pass", "max_tokens": 20, "ignore_eos": True, "temperature": 0}).encode()
    urllib.request.urlopen(urllib.request.Request(URL + "/v1/completions", body, {"Content-Type": "application/json"}))
    expected = {
        'up{job="strata"}': 1,
        'strata:generation_tokens_total{model_name="tiny-moe"} >= bool 20': 1,
        'strata:kv_cache_usage_perc{model_name="tiny-moe"}': 0,
        "strata:num_requests_running + strata:num_requests_waiting": 0,
        'strata:time_to_first_token_seconds_count >= bool 1': 1,
        'histogram_quantile(0.99, sum by (le) (strata:inter_token_latency_seconds_bucket)) > bool 0': 1,
        'sum(strata:expert_loads_total) > bool 0': 1,
    }
    seen = {}
    for _ in range(100):
        try:
            seen = {text: query(base, text) for text in expected}
        except OSError:
            pass
        if all([value for _, value in seen.get(text, [])] == [wanted] for text, wanted in expected.items()):
            return True
        time.sleep(0.3)
    for text, wanted in expected.items():
        print(f"{text} is {seen.get(text)}, expected {wanted}")
    return False


with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/prometheus.yml", "w") as file:
        file.write(CONFIGURATION % TARGET)
    port = free_port()
    arguments = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with open(f"{folder}/log", "w") as log:
        process = subprocess.Popen(
            ["prometheus", *arguments, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    try:
        good = scraped(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
    if not good:
        print(open(f"{folder}/log").read())
    print("Prometheus has seen", "what the server did" if good else "something else")
    sys.exit(not good)

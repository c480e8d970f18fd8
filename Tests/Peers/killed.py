"""Ends a server under load by SIGTERM and by SIGKILL, and checks what becomes of its clients and of the next start.

    killed.py STRATA

SIGTERM: new requests are refused, each accepted one ends with a whole answer or a clear error, and the server ends by itself
with status 0. SIGKILL: the next server takes the port and gives the same answers at once.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

STRATA = os.path.realpath(sys.argv[1])
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
CLIENTS = 24
# Places at once, so that some of the clients wait.
PLACES = 8


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(port, *options):
    command = [STRATA, "serve", "--model", "Tests/Fixtures/tiny-moe", "--port", str(port), "--max-num-seqs", str(PLACES), *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    log = []
    for line in process.stderr:
        log.append(line)
        if "serving" in line and "url=" in line:
            threading.Thread(target=lambda: log.extend(process.stderr), daemon=True).start()
            return process, log
    sys.exit("the server did not start:\n" + "".join(log))


def ask(port, tokens, stream):
    """What came of a request: `whole`, `error` with its text, or `cut`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    body = {"prompt": "And it came to pass", "max_tokens": tokens, "temperature": 0, "ignore_eos": True, "stream": stream}
    try:
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, http.client.HTTPException) as failure:
        return "cut", repr(failure)
    if answer.status != 200:
        return f"refused {answer.status}", json.loads(text)["error"]["message"]
    if not stream:
        return "whole", json.loads(text)["choices"][0]["text"]
    events = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    if not events or events[-1] != "[DONE]":
        return "cut", text[-200:]
    parts = [json.loads(event) for event in events[:-1]]
    errors = [part["error"]["message"] for part in parts if "error" in part]
    if errors:
        return "error", errors[0]
    whole = "".join(part["choices"][0]["text"] for part in parts)
    ended = any(part["choices"][0]["finish_reason"] for part in parts)
    return ("whole" if ended else "cut"), whole


def load(port, tokens):
    """Clients under way, every third one not a stream, and where their outcomes will be."""
    outcomes = []
    threads = [threading.Thread(target=lambda stream=bool(i % 3): outcomes.append(ask(port, tokens, stream))) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    return threads, outcomes


def check(name, holds, what=""):
    print(f"{'ok' if holds else 'FAILED'}: {name}" + ("" if holds else f": {what}"))
    return holds


def terminated(drain, tokens, expected):
    port = free_port()
    process, log = start(port, "--drain-timeout", str(drain))
    threads, outcomes = load(port, tokens)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    late = ask(port, 4, False)
    status = process.wait(drain + 30)
    for thread in threads:
        thread.join()
    kinds = sorted({kind for kind, _ in outcomes})
    print(f"SIGTERM, --drain-timeout {drain}: {len(outcomes)} clients: " + ", ".join(
        f"{sum(kind == own for kind, _ in outcomes)} {own}" for own in kinds))
    return all([
        check("the server ends by itself with status 0", status == 0, f"{status}\n{''.join(log)}"),
        check(f"each client has one of: {', '.join(expected)}", set(kinds) <= set(expected), outcomes),
        check("an answer that is whole is the same for all", len({text for kind, text in outcomes if kind == "whole"}) <= 1),
        check("a new request is refused", late[0] in ("refused 503", "cut"), late),
    ])


def killed():
    port = free_port()
    process, _ = start(port)
    alone = ask(port, 24, False)
    threads, _ = load(port, 400)
    process.kill()
    process.wait()
    for thread in threads:
        thread.join()
    began = time.monotonic()
    process, _ = start(port)
    again = ask(port, 24, False)
    seconds = time.monotonic() - began
    process.terminate()
    status = process.wait(60)
    print(f"SIGKILL: the next start answered after {seconds:.1f} s")
    return all([
        check("the next start gives the same answer", again == alone and again[0] == "whole", (alone, again)),
        check("and ends by itself with status 0", status == 0, status),
    ])


results = [
    terminated(60, 200, ["whole"]),
    terminated(1, 1500, ["whole", "error", "refused 503"]),
    killed(),
]
sys.exit(not all(results))

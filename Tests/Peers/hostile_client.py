"""Behaves badly against a running server, and looks whether others notice: `hostile_client.py URL`.

The server has to have --idle-timeout 2 and a chat template.
"""

import json
import os
import socket
import sys
import threading
import time
import traceback
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

URL = sys.argv[1].rstrip("/")
HOST = urllib.parse.urlsplit(URL)
assert HOST.hostname in ("127.0.0.1", "localhost", "::1"), "this is for a server on this machine"
BODY = {"prompt": "And it came to pass", "max_tokens": 40, "temperature": 1, "seed": 1}
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect():
    return socket.create_connection((HOST.hostname, HOST.port), timeout=15)


def exchange(data):
    """What comes back, up to the end of the connection or of what can be read."""
    with connect() as s:
        s.sendall(data)
        answer = b""
        try:
            while part := s.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer and b"chunked" not in answer:
                    break
        except TimeoutError:
            raise AssertionError("no answer, and the connection is open")
        return answer


def status(answer):
    return int(answer.split()[1]) if answer else None


def head(length, extra="", path="/v1/completions"):
    return f"POST {path} HTTP/1.1\r\nHost: {HOST.netloc}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{extra}\r\n".encode()


def answer():
    request = urllib.request.Request(URL + "/v1/completions", json.dumps(BODY).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["choices"][0]["text"]


EXPECTED = answer()


def closed_within(s, seconds):
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@check
def a_body_that_is_too_long_is_refused():
    assert status(exchange(head(9 << 20) + b"x" * 1000)) == 413


@check
def a_body_without_length_that_is_too_long_is_refused():
    lines = f"POST /v1/completions HTTP/1.1\r\nHost: {HOST.netloc}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    try:
        assert status(exchange(lines + (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 10)) == 413
    except ConnectionError:
        pass


@check
def headers_that_are_too_long_are_refused():
    assert status(exchange(head(2, "X: " + "y" * 100_000 + "\r\n") + b"{}")) in (400, 431, None)


@check
def too_many_headers_are_refused():
    assert status(exchange(head(2, "".join(f"X{i}: y\r\n" for i in range(5000))) + b"{}")) in (400, 431, None)


@check
def what_is_no_http_is_refused():
    for data in (b"\x16\x03\x01\x02\x00\x01\x00" * 20, b"GET\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n"):
        assert status(exchange(data)) in (400, 505, None)


@check
def invalid_utf8_is_refused():
    for body in (b'{"prompt":"\xff\xfe"}', b'{"prompt":"\xc0\x80"}', b'{"prompt":"\xed\xa0\x80"}'):
        assert status(exchange(head(len(body)) + body)) == 400


@check
def deep_nesting_is_refused():
    for body in (b"[" * 90_000, b'{"prompt":' + b"[" * 40_000 + b"]" * 40_000 + b"}", b'{"a":' * 15_000):
        assert status(exchange(head(len(body)) + body)) == 400


@check
def another_hosts_name_is_refused():
    data = b"GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert status(exchange(data)) == 403


def is_cut_off(first, drop):
    """Whether a connection is closed on which something comes four times a second."""
    with connect() as s:
        s.sendall(first)
        start = time.monotonic()
        try:
            while time.monotonic() - start < 12:
                s.sendall(drop)
                time.sleep(0.25)
        except OSError:
            return True
        return False


@check
def a_slow_head_is_cut_off():
    assert is_cut_off(b"P", b"X"), "it is open after 12 s"


@check
def a_slow_body_is_cut_off():
    for path in ("/v1/completions", "/none", "/v1/models"):
        assert is_cut_off(head(50_000, path=path), b"x"), f"{path}: it is open after 12 s"


@check
def a_body_without_end_that_nobody_reads_is_cut_off():
    lines = f"POST /none HTTP/1.1\r\nHost: {HOST.netloc}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with connect() as s:
        s.sendall(lines)
        try:
            for _ in range(200):
                s.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
        except OSError:
            return
    raise AssertionError("200 MiB were taken")


@check
def the_head_of_an_error_has_no_body():
    for path in ("/none", "/v1/completions", "/live/events", "/v1/models/none", "/health"):
        data = f"HEAD {path} HTTP/1.1\r\nHost: {HOST.netloc}\r\n\r\nGET /health HTTP/1.1\r\nHost: {HOST.netloc}\r\nConnection: close\r\n\r\n"
        with connect() as s:
            s.sendall(data.encode())
            answers = b""
            while part := s.recv(65536):
                answers += part
        assert answers.split(b"\r\n\r\n", 1)[1].startswith(b"HTTP/1.1 200"), answers


@check
def schemas_that_lead_to_themselves_are_answered():
    ways = {f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)} | {"a40": {"type": "boolean"}}
    chain = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(20_000)} | {"a20000": {"type": "null"}}
    schemas = [
        {"anyOf": [{"$ref": "#"}, {"type": "integer"}]},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/a0"}, "$defs": ways},
        {"$ref": "#/$defs/a0", "$defs": ways},
        {"$ref": "#/$defs/a0", "$defs": chain},
    ]
    for schema in schemas:
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        body = json.dumps({"messages": [{"role": "user", "content": "a"}], "max_tokens": 30, "response_format": form})
        answered = exchange(head(len(body), path="/v1/chat/completions") + body.encode())
        assert status(answered) == 200, answered


@check
def half_a_request_is_cut_off():
    with connect() as s:
        s.sendall(head(1000) + b'{"prompt":')
        assert closed_within(s, 10)


@check
def a_silent_connection_is_cut_off():
    with connect() as s:
        assert closed_within(s, 10)


@check
def a_half_closed_connection_is_let_go():
    with connect() as s:
        s.sendall(head(1000) + b"{")
        s.shutdown(socket.SHUT_WR)
        assert closed_within(s, 10)


@check
def clients_that_never_read_do_not_delay_others():
    # More than the system keeps for a client that does not read: 10 MB each.
    body = json.dumps({**BODY, "max_tokens": 1500, "ignore_eos": True, "stream": True, "n": 4, "logprobs": 20}).encode()
    silent = [connect() for _ in range(5)]
    for s in silent:
        s.sendall(head(len(body)) + body)
    for _ in range(10):
        time.sleep(0.5)
        assert answer() == EXPECTED
    for s in silent:
        s.close()


def longest_pause(during):
    """Seconds of a stream that pass between two of its tokens at most, while something is done."""
    done, times = threading.Event(), []

    def read():
        while not done.is_set():
            body = json.dumps({**BODY, "max_tokens": 400, "ignore_eos": True, "stream": True}).encode()
            request = urllib.request.Request(URL + "/v1/completions", body, {"Content-Type": "application/json"})
            last = None
            for line in urllib.request.urlopen(request):
                if line.startswith(b"data: {"):
                    now = time.monotonic()
                    if last is not None and not done.is_set():
                        times.append(now - last)
                    last = now

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(1)
    during()
    done.set()
    thread.join()
    return max(times)


@check
def large_bodies_do_not_stall_others_streams():
    size = 8_000_000
    bodies = [
        json.dumps({"prompt": "And it came to pass, " * (size // 21), "max_tokens": 4}),
        json.dumps({"prompt": ["the king said unto them " * 150] * (size // 3600), "max_tokens": 4}),
        json.dumps({"prompt": [7] * (size // 3), "max_tokens": 4}),
        '{"prompt":"a","x":[' + "[[1],{}]," * (size // 9) + "0],}",
    ]

    def send():
        # More at once than there are threads to read them.
        with ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            several = [head(len(body)) + body.encode() for body in bodies] * os.cpu_count()
            answers = list(pool.map(lambda data: status(exchange(data)), several))
        assert set(answers) == {400}, answers

    alone, beside = longest_pause(lambda: time.sleep(3)), longest_pause(send)
    print(f"       longest pause of a stream: {alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside bodies of 8 MB")
    assert beside < max(0.2, 3 * alone)


@check
def others_get_their_tokens_all_the_while():
    wrong, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            if answer() != EXPECTED:
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    open_ones = [connect() for _ in range(300)]
    for number, s in enumerate(open_ones):
        s.sendall([b"G", head(1000), head(20) + b'{"prompt":"a"', b"\x00\xff"][number % 4])
    time.sleep(3)
    for s in open_ones:
        s.close()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


@check
def nothing_is_left_running():
    for _ in range(200):
        text = urllib.request.urlopen(URL + "/metrics").read().decode()
        if 'strata:num_requests_in_flight{model_name="tiny-moe"} 0\n' in text:
            assert 'status="5' not in text
            return
        time.sleep(0.05)
    raise AssertionError("requests are in flight")


failed = 0
for function in CHECKS:
    try:
        function()
        print("ok    ", function.__name__.replace("_", " "))
    except Exception:
        failed += 1
        print("FAILED", function.__name__.replace("_", " "))
        traceback.print_exc()
print(f"{len(CHECKS) - failed} passed, {failed} failed")
sys.exit(failed > 0)

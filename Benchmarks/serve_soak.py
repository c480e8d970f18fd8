"""Many clients at once, some of them rude: `serve_soak.py URL PID SECONDS CLIENTS`.

Every client asks for a stream, again and again. One in ten leaves in the middle, one in twenty asks for a long answer and reads
it slowly, so that the connection is full, one in twenty sends nonsense. Every answer that comes to its end has to be the one that
the same request got alone, before. At the end nothing may run or hold KV blocks, and the process may not have grown.
"""

import asyncio
import json
import random
import socket
import sys
import time
import urllib.parse
import urllib.request

URL, PID, SECONDS, CLIENTS = sys.argv[1].rstrip("/"), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
HOST = urllib.parse.urlsplit(URL)
assert HOST.hostname in ("127.0.0.1", "localhost", "::1"), "the soak is for a server on this machine"
OPENINGS = [
    "And it came to pass", "The king said unto", "In those days", "My lord, I will", "Now the priest", "He went up to the",
    "What say you, good sir", "And the people of the land",
]
NONSENSE = [
    b"{", b"[]", b'{"prompt":1}', b'{"prompt":"a","max_tokens":-1}', b'{"prompt":"\xff"}', b"", b"[" * 2000,
    b'{"prompt":"a","temperature":"hot"}', b'{"prompt":"a","stop":{}}',
]


LONG = 6
"""Of the requests, so many at the end are long: megabytes, more than the system keeps for a client that does not read."""


def requests(count):
    rng = random.Random(1)
    made = []
    for index in range(count + LONG):
        words = " ".join(rng.choice(OPENINGS) for _ in range(rng.choice([1, 2, 4, 30])))
        body = {"prompt": words, "max_tokens": rng.randint(8, 60), "temperature": rng.choice([0, 0.7, 1.2]), "seed": index}
        if index % 5 == 0:
            body["stop"] = ["the", ","][: 1 + index % 2]
        if index % 7 == 0:
            body["logit_bias"] = {"50": 2}
        if index % 4 == 0:
            body["frequency_penalty"] = 0.5
        if index >= count:
            body.update(max_tokens=500, ignore_eos=True, n=8, logprobs=20)
            body.pop("stop", None)
        made.append(body)
    return made


class Status(Exception):
    pass


async def connect(slow):
    if not slow:
        return await asyncio.open_connection(HOST.hostname, HOST.port, limit=1 << 20)
    family, kind, protocol, _, address = socket.getaddrinfo(HOST.hostname, HOST.port, type=socket.SOCK_STREAM)[0]
    small = socket.socket(family, kind, protocol)
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.setblocking(False)
    await asyncio.get_running_loop().sock_connect(small, address)
    return await asyncio.open_connection(sock=small, limit=4096)


async def ask(body, leave_after=None, slow=False):
    """The texts of a streamed answer's choices; None if the client has left."""
    raw = body if isinstance(body, bytes) else json.dumps({**body, "stream": True}).encode()
    reader, writer = await connect(slow)
    try:
        head = f"POST /v1/completions HTTP/1.1\r\nHost: {HOST.netloc}\r\nContent-Type: application/json\r\n"
        writer.write((head + f"Content-Length: {len(raw)}\r\nConnection: close\r\n\r\n").encode() + raw)
        await writer.drain()
        status = int((await reader.readline()).split()[1])
        while (await reader.readline()).strip():
            pass
        if status != 200:
            raise Status(status)
        texts, done, events = {}, False, 0
        if slow:
            await asyncio.sleep(5)
        async for line in reader:
            if not line.startswith(b"data: "):
                continue
            if line.strip() == b"data: [DONE]":
                done = True
                break
            event = json.loads(line[6:])
            if "error" in event:
                raise Status(event["error"])
            choice = event["choices"][0]
            texts[choice["index"]] = texts.get(choice["index"], "") + choice["text"]
            events += 1
            if leave_after is not None and events >= leave_after:
                return None
        if not done:
            raise Status("the stream broke off")
        return [texts[index] for index in sorted(texts)]
    finally:
        writer.close()


def metrics():
    values = {}
    for line in urllib.request.urlopen(URL + "/metrics").read().decode().splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values


def metric(values, name, labels=""):
    return sum(value for key, value in values.items() if key.startswith(f"strata:{name}{{") and labels in key)


def resident():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


async def client(number, end, made, expected, counts):
    rng = random.Random(number)
    while time.monotonic() < end:
        kind = rng.random()
        slow = 0.15 <= kind < 0.20
        index = len(made) - 1 - rng.randrange(LONG) if slow else rng.randrange(len(made) - LONG)
        try:
            if kind < 0.05:
                try:
                    await ask(rng.choice(NONSENSE))
                    counts["nonsense answered"] += 1
                except Status as status:
                    good = isinstance(status.args[0], int) and 400 <= status.args[0] < 500
                    counts["nonsense refused" if good else f"nonsense: {status.args[0]}"] += 1
            elif kind < 0.15:
                await ask(made[index], leave_after=rng.randint(1, 8))
                counts["left"] += 1
            else:
                text = await ask(made[index], slow=slow)
                counts["right" if text == expected[index] else "WRONG"] += 1
                counts["of them read slowly"] += slow
                if text != expected[index]:
                    print(f"request {index}: {text!r}, expected {expected[index]!r}", flush=True)
        except Status as status:
            counts["refused, queue full" if status.args[0] == 429 else f"status {status.args[0]}"] += 1
            await asyncio.sleep(0.5)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            counts[f"connection: {type(error).__name__}"] += 1


async def main():
    made = requests(120)
    expected = [await ask(body) for body in made]
    await asyncio.sleep(1)
    memory, blocks = resident(), metric(metrics(), "kv_cache_usage_perc")
    print(f"{len(made)} answers known; resident {memory:.0f} MiB, KV blocks in use {blocks:.4f}", flush=True)
    from collections import Counter

    counts, end, peak = Counter(), time.monotonic() + SECONDS, []

    async def watch():
        while time.monotonic() < end:
            await asyncio.sleep(min(30, max(1, SECONDS / 20)))
            peak.append(resident())
            print(f"{end - time.monotonic():6.0f} s left, resident {peak[-1]:.0f} MiB, {dict(counts)}", flush=True)

    await asyncio.gather(watch(), *(client(number, end, made, expected, counts) for number in range(CLIENTS)))
    await asyncio.sleep(3)
    after = metrics()
    half = peak[len(peak) // 2 :]
    growth = half[-1] - half[0] if half else 0
    checks = {
        "no wrong answer": counts["WRONG"] == 0 and counts["right"] > 0,
        "nonsense is refused": counts["nonsense answered"] == 0 and not any(key.startswith("nonsense:") for key in counts),
        "no broken stream": not any(key.startswith(("status", "connection")) for key in counts),
        "no 5xx": metric(after, "http_responses_total", 'status="5') == 0,
        "nothing runs": metric(after, "num_requests_in_flight") == 0 and metric(after, "num_requests_running") == 0,
        "KV blocks are back": metric(after, "kv_cache_usage_perc") == blocks,
        f"memory has settled: {growth:+.0f} MiB in the second half": growth < 0.05 * max(peak + [1]),
        f"memory is back: {resident() - memory:+.0f} MiB against the start": resident() < 1.5 * memory,
    }
    print(f"resident {resident():.0f} MiB; {dict(counts)}")
    for name, holds in checks.items():
        print("ok    " if holds else "FAILED", name)
    sys.exit(not all(checks.values()))


asyncio.run(main())

"""Servers on this machine, started and stopped, and measured by `strata bench serve`: for serve_peers.py."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

THREADS = 2
STARTING = 300


class Failure(Exception):
    """A program that failed, with what it said."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


class Server:
    """A process that answers at `url` until the block ends."""

    def __init__(self, name, command, port):
        self.name = name
        self.command = command
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self):
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + STARTING
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.log.seek(0)
                raise Failure(f"{' '.join(self.command)} does not serve:\n{self.log.read()[-2000:]}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def is_ready(self):
        try:
            get(self.url + "/health")
            return True
        except (urllib.error.URLError, OSError):
            return False


class Strata(Server):
    def __init__(self, options, context):
        port = free_port()
        super().__init__("strata", [
            options.strata, "serve", "--model", options.model, "--device", options.device, "--port", str(port),
            "--max-num-seqs", str(options.slots), "--max-queue", "100000", "--max-model-len", str(context),
            "--cache-positions", str(options.slots * context), "--request-timeout", "3600", "--log-level", "warning",
            # Runs at several rates have prompts in common, which no server is to know from the run before.
            "--metrics-prefix", "strata_", "--no-enable-prefix-caching"], port)

    def set_policy(self, policy):
        """Policy and its options, as `/live/control` takes them."""
        request = urllib.request.Request(
            self.url + "/live/control", json.dumps(policy).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def counters(self):
        """Bytes of experts' weights that passes have read from device memory, and experts that they have read."""
        sums = {"expert_bytes_total": 0.0, "expert_loads_total": 0.0}
        for line in get(self.url + "/metrics").splitlines():
            found = re.match(r'strata_(\w+)\{(.*)\} (\S+)$', line)
            if found and found[1] in sums and 'route="host' not in found[2] and 'route="disk' not in found[2]:
                sums[found[1]] += float(found[3])
        return sums


    def histogram(self, name):
        """Sum and number of what a histogram has counted."""
        text = get(self.url + "/metrics")
        return [float(re.search(rf"^strata_{name}_{part}{{.*}} (\S+)$", text, re.MULTILINE)[1]) for part in ("sum", "count")]


class Llama(Server):
    def __init__(self, options, context):
        port = free_port()
        super().__init__("llama-server", [
            options.llama, "--model", options.model, "--host", "127.0.0.1", "--port", str(port), "--threads", str(THREADS),
            "--threads-batch", str(THREADS), "--parallel", str(options.slots), "--ctx-size", str(options.slots * context),
            # Nor is it to keep prompts of the past, which would only cost it time.
            "--cache-ram", "0"], port)


class Bench:
    """`strata bench serve --url` with one trace."""

    def __init__(self, options):
        self.options = options

    def run(self, server, count, seed, rate=None, concurrency=None, level=None):
        """The report of so many requests, with each request's times."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            command = [
                self.options.strata, "bench", "serve", "--url", server.url, "--trace", self.options.trace, "--num-requests",
                str(count), "--seed", str(seed), "--vocabulary", str(self.options.vocabulary), "--detailed", "--json", "--save",
                file.name]
            command += ["--request-rate", f"{rate:.4f}"] if rate else ["--concurrency", str(concurrency)]
            if level:
                command += ["--slo-ttft", f"{1000 * level[0]:.1f}", "--slo-tbt", f"{1000 * level[1]:.1f}"]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-2000:]}")
            return json.load(open(file.name))[0]


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[:3]


def commit():
    folder = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"

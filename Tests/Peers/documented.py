"""Runs what README.md and Documentation/serving.md tell a reader to type, as it is printed there.

    documented.py STRATA

Blocks marked sh and python are taken one after the other: `strata serve` is started in the place of the server before,
all else has to succeed and to print something. Port 8000 has to be free.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

STRATA = os.path.realpath(sys.argv[1])
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
URL = "http://127.0.0.1:8000"


class Server:
    process = None

    def start(self, line):
        self.stop()
        self.process = subprocess.Popen(["sh", "-c", f"exec {line}"], cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL)
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit(f"{line}: status {self.process.returncode}")
            try:
                urllib.request.urlopen(URL + "/health").close()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{line}: does not serve")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()


def environment():
    """With `strata`, and with curl failing where a server refuses."""
    return {**os.environ, "PATH": f"{FOLDER}:{os.environ['PATH']}", "CURL_HOME": FOLDER}


def blocks(path):
    with open(os.path.join(ROOT, path)) as file:
        return re.findall(r"^```(sh|python)\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)


def commands(block):
    """The lines of a block, those that go on put together: behind a backslash, and inside quotes."""
    command = ""
    for line in block.splitlines():
        command += line + "\n"
        if not line.endswith("\\") and command.count("'") % 2 == 0:
            yield command.strip()
            command = ""


def run(command):
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=300)
    return done.returncode == 0 and done.stdout.strip() != "", done.stdout + done.stderr


def main():
    server, ran, failed = Server(), 0, 0
    try:
        for path in ("README.md", "Documentation/serving.md"):
            for kind, block in blocks(path):
                for command in commands(block) if kind == "sh" else [block]:
                    if command.startswith("strata serve"):
                        server.start(command)
                        continue
                    ok, output = run(["sh", "-c", command] if kind == "sh" else [sys.executable, "-c", command])
                    ran, failed = ran + 1, failed + (not ok)
                    print(f"{'ok' if ok else 'FAILED'}: {path}: {command.splitlines()[0]}")
                    if not ok:
                        print(output)
    finally:
        server.stop()
        if os.path.exists(os.path.join(ROOT, "report.json")):
            os.unlink(os.path.join(ROOT, "report.json"))
    print(f"{ran - failed} of {ran} documented commands work")
    sys.exit(failed > 0 or ran == 0)


with tempfile.TemporaryDirectory() as FOLDER:
    os.symlink(STRATA, os.path.join(FOLDER, "strata"))
    with open(os.path.join(FOLDER, ".curlrc"), "w") as curl:
        curl.write("silent\nshow-error\nfail-with-body\n")
    main()

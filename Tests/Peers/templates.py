"""Renders every chat template of a folder with strata and with transformers, and compares byte for byte.

    templates.py STRATA FOLDER [--least N] [--show NAME]

Exits with 1 if fewer than N templates (default 58) are the same on every conversation.
"""

import argparse
import datetime
import glob
import json
import os
import subprocess
import sys
import tempfile

from conversations import CONVERSATIONS
from transformers.utils import chat_template_utils

# Noon of a day whose number has one digit.
NOW = datetime.datetime(2025, 3, 7, 12, 30, 45)


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


chat_template_utils.datetime = FixedTime
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


def cases():
    for conversation in CONVERSATIONS:
        for prompt in (False, True):
            yield {**TOKENS, **conversation, "add_generation_prompt": prompt}


def expected(template, case):
    if not case["messages"]:
        return None, "empty conversation"
    arguments = {key: value for key, value in case.items() if key not in ("messages", "tools")}
    messages = chat_template_utils._normalize_chat_messages(case["messages"])
    try:
        rendered, _ = chat_template_utils.render_jinja_template(
            conversations=[messages], tools=case.get("tools"), chat_template=template, **arguments
        )
        return rendered[0], None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def ours(strata, path, file):
    command = [strata, "template", "--template", path, "--conversations", file, "--json", "--now", str(NOW.timestamp())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return [{"error": done.stderr.strip()}] * len(list(cases()))
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def difference(wanted, found):
    place = next((i for i, (a, b) in enumerate(zip(wanted, found)) if a != b), min(len(wanted), len(found)))
    start = max(0, place - 40)
    return f"at {place}: expected {wanted[start:place + 60]!r}, found {found[start:place + 60]!r}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("strata")
    parser.add_argument("folder")
    parser.add_argument("--least", type=int, default=58)
    parser.add_argument("--show", help="the one template to look at, and all its differences")
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for case in cases():
            file.write(json.dumps(case, ensure_ascii=False) + "\n")
        file.flush()
        paths = sorted(glob.glob(os.path.join(options.folder, "*.jinja")))
        paths = [path for path in paths if not options.show or options.show in path]
        same = rendered = refused = 0
        for number, path in enumerate(paths, 1):
            if sys.stderr.isatty():
                print(f"\r{number}/{len(paths)}", end="", file=sys.stderr)
            template = open(path, encoding="utf-8").read()
            problems = []
            for index, (case, found) in enumerate(zip(cases(), ours(options.strata, path, file.name), strict=True)):
                text, error = expected(template, case)
                if error is None and found.get("text") == text:
                    rendered += 1
                elif error is not None and "error" in found:
                    refused += 1
                elif error is not None:
                    problems.append(f"case {index}: rendered, expected the error {error}")
                elif "error" in found:
                    problems.append(f"case {index}: {found['error']}")
                else:
                    problems.append(f"case {index}: {difference(text, found['text'])}")
            same += not problems
            if problems:
                print(f"{os.path.basename(path)}: {len(problems)} of {len(list(cases()))} differ")
                for problem in problems if options.show else problems[:1]:
                    print("  " + problem)
    print(f"{same} of {len(paths)} templates the same: {rendered} renderings and {refused} errors alike")
    return 0 if options.show or same >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())

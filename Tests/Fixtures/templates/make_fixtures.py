"""Renders templates with transformers, for TemplatesTests.

    pip install transformers jinja2
    python3 make_fixtures.py

Writes snippets.jsonl, from the lines of snippets.txt and the list below, and chats.jsonl, from the *.jinja files here.
A line has the template, and the text or null where rendering it is an error. Made with transformers 5.24.0 and Jinja 3.1.6.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "Peers"))

from templates import NOW, cases, expected  # noqa: E402
from transformers.utils import chat_template_utils  # noqa: E402

# Tags and white space.
LAYOUTS = [
    'a\n{% if true %}\nb\n{% endif %}\nc\n',
    '  {%- if true -%}  x  {%- endif -%}  y',
    '{{ 1 }}\n{{ 2 }}\n\n',
    'x\r\ny\rz',
    '  {# c #}\n  {{ 1 }}\n  {%+ set a = 1 %}\nq',
    '{% raw %}\n a {{ b }}\n  {% endraw %}\nz',
    '{%- raw -%}\n a {%- endraw -%}\n z',
    'a {#- c -#} b',
    '{{- 1 -}} x {{- 2 +}} y',
    '{%-if true-%}a{%-endif-%}',
    '\t {% if true %}\xa0x{% endif %}\xa0',
    '{% for a in [1,2] %}\n  - {{ a }}\n{% endfor %}\n\n',
    "{{ '}}' }}{{ {'a': {'b': 1}}}}",
    '{# {% #}x',
    '{{ x',
    '{% if',
    '{# x',
    '{% raw %}x',
    "{% set a = '%}' %}{{ a }}",
    "{{ 'a' -}}\n\n{{ 'b' }}",
    '{%- set x = 1 +%}\n z',
    'a{% if true +%}\nb{% endif %}',
    "{{ [1,2,3]\n| join(',') }}",
    '{%set x=1%}{{x}}{%if x==1%}y{%elif x==2%}z{%else%}w{%endif%}',
]
VARIABLES = {
    "xs": [1, 2, 3],
    "s": "abc",
    "d": {"k": "v", "a": "b"},
    "objs": [{"n": 1, "t": "x"}, {"n": 2}, {"n": 2, "t": ""}],
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}]}, {"v": 3}],
}


def text_or_none(template):
    try:
        return chat_template_utils._compile_jinja_template(template).render(**VARIABLES)
    except Exception:
        return None


def write(name, lines):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def snippets():
    yield {"variables": VARIABLES}
    with open(os.path.join(HERE, "snippets.txt"), encoding="utf-8") as file:
        templates = file.read().splitlines()
    for template in templates + LAYOUTS:
        yield {"template": template, "text": text_or_none(template)}


def chats():
    yield {"now": NOW.timestamp()}
    for name in sorted(name for name in os.listdir(HERE) if name.endswith(".jinja")):
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            template = file.read()
        for case in cases():
            yield {"template": name, "conversation": case, "text": expected(template, case)[0]}


write("snippets.jsonl", snippets())
write("chats.jsonl", chats())

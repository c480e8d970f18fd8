"""Asks a running server what OpenAI's own Python client can ask, and checks the answers.

    openai_client.py URL

The server has to serve the bundled model with Tests/Peers/chat.jinja as its template. Prints a line a check, and ends
with their number; the exit status says whether all hold.
"""

import asyncio
import json
import sys
import time
import traceback
import urllib.request

import openai

URL = sys.argv[1].rstrip("/")
client = openai.OpenAI(base_url=URL + "/v1", api_key="none", max_retries=0, timeout=120)
asynchronous = openai.AsyncOpenAI(base_url=URL + "/v1", api_key="none", max_retries=0, timeout=120)
MODEL = client.models.list().data[0].id
PROMPT = "And it came to pass in those days, that"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who went up to the mountain?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "enum": ["Bern", "Rome"]}, "days": {"type": "integer"}},
                "required": ["city", "days"],
            },
        },
    },
    {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def complete(**options):
    return client.completions.create(**{"model": MODEL, "prompt": PROMPT, "max_tokens": 12, "temperature": 0, **options})


def chat(**options):
    defaults = {"model": MODEL, "messages": MESSAGES, "max_tokens": 16, "temperature": 0.8, "seed": 7}
    return client.chat.completions.create(**{**defaults, **options})


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def refused(kind, call, **options):
    try:
        call(**options)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


@check
def models_are_listed():
    assert [model.id for model in client.models.list()] == [MODEL]


@check
def a_model_is_found_by_name():
    assert client.models.retrieve(MODEL).id == MODEL


@check
def an_unknown_model_is_not_found():
    refused(openai.NotFoundError, client.models.retrieve, model="other")


@check
def a_completion_has_text_and_usage():
    answer = complete()
    assert answer.object == "text_completion" and answer.choices[0].text
    assert answer.usage.completion_tokens == 12 and answer.usage.total_tokens == answer.usage.prompt_tokens + 12


@check
def greedy_completions_are_alike():
    assert complete().choices[0].text == complete().choices[0].text


@check
def a_completion_streams():
    assert "".join(chunk.choices[0].text for chunk in complete(stream=True)) == complete().choices[0].text


@check
def a_streams_usage_comes_last():
    chunks = list(complete(stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 12
    assert all(chunk.usage is None for chunk in chunks[:-1])


@check
def several_prompts_give_several_answers():
    answer = complete(prompt=[PROMPT, "The king"], n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]


@check
def a_prompt_of_tokens_is_a_prompt():
    tokens = post("/tokenize", {"prompt": PROMPT})["tokens"]
    assert complete(prompt=tokens).choices[0].text == complete().choices[0].text


@check
def echo_repeats_the_prompt():
    assert complete(echo=True).choices[0].text.startswith(PROMPT)


@check
def echo_without_tokens_scores_the_prompt():
    choice = complete(echo=True, max_tokens=0, logprobs=1).choices[0]
    assert choice.text == PROMPT
    assert choice.logprobs.token_logprobs[0] is None and all(x <= 0 for x in choice.logprobs.token_logprobs[1:])


@check
def completions_have_log_probabilities():
    logprobs = complete(logprobs=3).choices[0].logprobs
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == 12
    for own, top in zip(logprobs.token_logprobs, logprobs.top_logprobs):
        assert max(top.values()) == own


@check
def text_offsets_are_where_tokens_begin():
    choice = complete(logprobs=0).choices[0]
    for token, start in zip(choice.logprobs.tokens, choice.logprobs.text_offset):
        assert choice.text[start:].startswith(token)


@check
def a_stop_string_is_left_out():
    whole = complete(max_tokens=30).choices[0].text
    stop = whole[20:26]
    choice = complete(max_tokens=30, stop=stop).choices[0]
    assert choice.text == whole[: whole.index(stop)] and choice.finish_reason == "stop"


@check
def a_stop_string_is_left_out_of_a_stream():
    whole = complete(max_tokens=30).choices[0].text
    stop = whole[20:26]
    chunks = list(complete(max_tokens=30, stop=[stop, "never"], stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole[: whole.index(stop)]
    assert chunks[-1].choices[0].finish_reason == "stop"


@check
def a_bias_forces_a_token():
    assert len(set(complete(logit_bias={"50": 100}, logprobs=0).choices[0].logprobs.tokens)) == 1


@check
def a_frequency_penalty_breaks_repetition():
    forced = complete(logit_bias={"50": 12}, logprobs=0, max_tokens=40).choices[0].logprobs.tokens
    penalised = complete(logit_bias={"50": 12}, frequency_penalty=2, logprobs=0, max_tokens=40).choices[0].logprobs.tokens
    assert len(set(penalised)) > len(set(forced))


@check
def a_repetition_penalty_is_taken():
    assert complete(extra_body={"repetition_penalty": 1.8}, max_tokens=40).choices[0].text != complete(max_tokens=40).choices[0].text


@check
def top_k_of_one_is_greedy():
    assert complete(temperature=2, extra_body={"top_k": 1}).choices[0].text == complete().choices[0].text


@check
def min_p_of_one_is_greedy():
    assert complete(temperature=2, extra_body={"min_p": 1.0}).choices[0].text == complete().choices[0].text


@check
def a_tiny_top_p_is_greedy():
    assert complete(temperature=2, top_p=1e-6).choices[0].text == complete().choices[0].text


@check
def seeds_repeat():
    assert complete(temperature=1, seed=3).choices[0].text == complete(temperature=1, seed=3).choices[0].text


@check
def other_seeds_differ():
    assert len({complete(temperature=1.5, seed=seed).choices[0].text for seed in range(5)}) > 1


@check
def a_priority_is_taken():
    assert complete(extra_body={"priority": -3}).choices[0].text == complete().choices[0].text


@check
def a_chat_answers():
    answer = chat()
    assert answer.object == "chat.completion" and answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content and answer.usage.completion_tokens == 16


@check
def a_chat_streams():
    assert text_of(chat(stream=True)) == chat().choices[0].message.content


@check
def a_chat_streams_usage():
    chunks = list(chat(stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage == chat().usage


@check
def a_chat_takes_max_completion_tokens():
    assert chat(max_tokens=None, max_completion_tokens=5).usage.completion_tokens == 5


@check
def a_chat_takes_content_in_parts():
    parts = [{"type": "text", "text": "Who went up "}, {"type": "text", "text": "to the mountain?"}]
    messages = [MESSAGES[0], {"role": "user", "content": parts}]
    assert chat(messages=messages).choices[0].message.content == chat().choices[0].message.content


@check
def a_chat_has_several_choices():
    answer = chat(n=3, temperature=1.5)
    assert len({choice.message.content for choice in answer.choices}) > 1


@check
def a_chat_streams_several_choices():
    whole = [choice.message.content for choice in chat(n=2).choices]
    texts = ["", ""]
    for chunk in chat(n=2, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == whole


@check
def a_chat_has_log_probabilities():
    content = chat(logprobs=True, top_logprobs=4).choices[0].logprobs.content
    assert len(content) == 16 and all(len(entry.top_logprobs) == 4 for entry in content)
    assert all(bytes(entry.bytes).decode(errors="replace") == entry.token for entry in content)


@check
def a_chat_streams_log_probabilities():
    whole = chat(logprobs=True, top_logprobs=1).choices[0].logprobs.content
    parts = [chunk.choices[0].logprobs for chunk in chat(logprobs=True, top_logprobs=1, stream=True) if chunk.choices]
    assert [entry for part in parts if part for entry in part.content] == whole


@check
def a_stop_list_ends_a_chat():
    text = chat(max_tokens=40).choices[0].message.content
    stop = text[len(text) // 2 :][:4]
    assert chat(max_tokens=40, stop=[stop]).choices[0].message.content == text[: text.index(stop)]


@check
def json_mode_parses():
    for seed in range(4):
        assert isinstance(json.loads(chat(response_format={"type": "json_object"}, seed=seed, max_tokens=60).choices[0].message.content), dict)


@check
def json_mode_parses_with_few_tokens():
    assert isinstance(json.loads(chat(response_format={"type": "json_object"}, max_tokens=4).choices[0].message.content), dict)


@check
def a_schema_holds():
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer"},
            "kind": {"enum": ["king", "priest"]},
            "sons": {"type": "array", "items": {"$ref": "#/$defs/son"}, "maxItems": 2},
        },
        "required": ["name", "age", "kind", "sons"],
        "additionalProperties": False,
        "$defs": {"son": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 6}}, "required": ["name"]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    for seed in range(4):
        value = json.loads(chat(response_format=form, seed=seed, max_tokens=120).choices[0].message.content)
        assert list(value) == ["name", "age", "kind", "sons"] and value["kind"] in ("king", "priest")
        assert isinstance(value["age"], int) and len(value["name"]) <= 12 and len(value["sons"]) <= 2


@check
def a_schema_holds_in_a_stream():
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}}}
    assert len(json.loads(text_of(chat(response_format=form, stream=True, max_tokens=60)))) in (2, 3)


@check
def the_clients_own_parser_works():
    from pydantic import BaseModel

    class Person(BaseModel):
        name: str
        age: int

    parsed = client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=Person, max_tokens=80, seed=1)
    assert isinstance(parsed.choices[0].message.parsed, Person)


@check
def a_forced_tool_is_called():
    choice = chat(tools=TOOLS, tool_choice={"type": "function", "function": {"name": "weather"}}, max_tokens=100).choices[0]
    assert choice.finish_reason == "tool_calls"
    arguments = json.loads(choice.message.tool_calls[0].function.arguments)
    assert arguments["city"] in ("Bern", "Rome") and isinstance(arguments["days"], int)


@check
def a_required_tool_is_called_in_a_stream():
    calls = [c for chunk in chat(tools=TOOLS, tool_choice="required", stream=True, max_tokens=100) if chunk.choices for c in chunk.choices[0].delta.tool_calls or []]
    assert calls[0].function.name in ("weather", "now") and json.loads(calls[0].function.arguments) is not None


@check
def a_tools_answer_can_be_given_back():
    call = {"id": "call-1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bern","days":1}'}}
    messages = MESSAGES + [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call-1", "content": "rain"}]
    assert chat(messages=messages, tools=TOOLS, tool_choice="none").choices[0].message.content


@check
def a_wrong_temperature_is_refused():
    error = refused(openai.BadRequestError, chat, temperature=-1)
    assert error.param == "temperature" and error.type == "invalid_request_error"


@check
def too_many_tokens_are_refused():
    assert refused(openai.BadRequestError, complete, max_tokens=10**6).code == "context_length_exceeded"


@check
def a_prompt_that_is_too_long_is_refused():
    assert refused(openai.BadRequestError, complete, prompt="word " * 5000).code == "context_length_exceeded"


@check
def an_unknown_model_is_refused():
    assert refused(openai.NotFoundError, chat, model="other").code == "model_not_found"


@check
def a_wrong_schema_is_refused():
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "wrong"}}}
    assert refused(openai.BadRequestError, chat, response_format=form).code == "invalid_json_schema"


@check
def no_message_is_refused():
    refused(openai.BadRequestError, chat, messages=[])


@check
def an_unknown_path_is_not_found():
    refused(openai.NotFoundError, client.embeddings.create, model=MODEL, input="x")


@check
def every_answer_has_a_request_id():
    response = client.completions.with_raw_response.create(model=MODEL, prompt="a", max_tokens=1, extra_headers={"X-Request-Id": "mine-1"})
    assert response.headers["x-request-id"] == "mine-1" and response.parse().id == "cmpl-mine-1"


@check
def tokens_and_texts_lead_to_each_other():
    tokens = post("/tokenize", {"prompt": "the é of 漢", "add_special_tokens": False})["tokens"]
    assert post("/detokenize", {"tokens": tokens})["prompt"] == "the é of 漢"


@check
def characters_are_never_cut():
    bias = {str(token): 8 for token in range(130, 260)}
    for chunk in complete(temperature=2, seed=5, max_tokens=60, logit_bias=bias, stream=True):
        chunk.choices[0].text.encode()


@check
def many_at_once_get_what_each_gets_alone():
    async def ask(seed):
        answer = await asynchronous.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=16, temperature=1, seed=seed)
        return answer.choices[0].message.content

    async def all_at_once():
        return await asyncio.gather(*(ask(seed) for seed in range(16)))

    alone = [chat(temperature=1, seed=seed).choices[0].message.content for seed in range(16)]
    assert RUNNER.run(all_at_once()) == alone


@check
def streams_at_once_do_not_mix():
    async def ask(seed):
        stream = await asynchronous.completions.create(model=MODEL, prompt=PROMPT, max_tokens=20, temperature=1, seed=seed, stream=True)
        return "".join([chunk.choices[0].text async for chunk in stream])

    async def all_at_once():
        return await asyncio.gather(*(ask(seed) for seed in range(16)))

    assert RUNNER.run(all_at_once()) == [complete(temperature=1, seed=seed, max_tokens=20).choices[0].text for seed in range(16)]


def metric(name):
    for line in urllib.request.urlopen(URL + "/metrics").read().decode().splitlines():
        if line.startswith(f"strata:{name}{{"):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no metric {name}")


def wait_until_idle():
    for _ in range(200):
        if metric("num_requests_in_flight") == 0 and metric("num_requests_running") == 0:
            return
        time.sleep(0.05)
    raise AssertionError("requests still run")


@check
def a_stream_that_is_closed_frees_its_place():
    stream = complete(max_tokens=1500, stream=True, extra_body={"ignore_eos": True})
    next(iter(stream))
    assert metric("num_requests_in_flight") >= 1
    stream.close()
    wait_until_idle()


@check
def a_cancelled_request_frees_its_place():
    async def cancel():
        ask = asynchronous.completions.create(model=MODEL, prompt=PROMPT, max_tokens=1500, extra_body={"ignore_eos": True})
        task = asyncio.create_task(ask)
        await asyncio.sleep(0.2)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    RUNNER.run(cancel())
    wait_until_idle()


@check
def a_client_that_gives_up_gets_its_own_timeout():
    refused(openai.APITimeoutError, complete, max_tokens=1500, timeout=0.05, extra_body={"ignore_eos": True})


@check
def metrics_count_tokens():
    wait_until_idle()
    before = metric("generation_tokens_total")
    complete(max_tokens=9)
    # The count follows the answer.
    for _ in range(200):
        if metric("generation_tokens_total") >= before + 9:
            break
        time.sleep(0.05)
    assert metric("generation_tokens_total") == before + 9


RUNNER = asyncio.Runner()
failed = 0
for function in CHECKS:
    try:
        function()
        print("ok    ", function.__name__.replace("_", " "))
    except Exception:
        failed += 1
        print("FAILED", function.__name__.replace("_", " "))
        traceback.print_exc()
RUNNER.close()
print(f"{len(CHECKS) - failed} passed, {failed} failed")
sys.exit(failed > 0)

"""Thirty conversations that chat templates are rendered on, here and by transformers."""


def tool(name, description, properties, required):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": required},
        },
    }


WEATHER = tool(
    "get_weather",
    "Get the weather at a place.",
    {
        "place": {"type": "string", "description": "City and country"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "Unit <of> \"degrees\""},
        "days": {"type": "integer", "default": 1},
    },
    ["place"],
)
SEARCH = tool(
    "search",
    "Search — the web & more.",
    {
        "query": {"type": "string"},
        "filters": {
            "type": "object",
            "description": "Nested filters",
            "properties": {"site": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
            "required": ["site"],
        },
        "limit": {"type": ["integer", "null"]},
        "ratio": {"type": "number", "minimum": 0.5},
    },
    ["query", "filters"],
)
NOTHING = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {}}}


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def call(name, arguments, id="call_123456"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(text, id="call_123456", name="get_weather"):
    return {"role": "tool", "tool_call_id": id, "name": name, "content": text}


BERLIN = call("get_weather", {"place": "Berlin", "unit": "celsius"})
UNICODE = "Grüße, 世界! 🙂🏽 é\u0301 \u2028 <|im_start|> & \"quotes\" 'single' \\ back\tTab"

CONVERSATIONS = [
    # Plain
    {"messages": [user("Hello")]},
    {"messages": [system("You are helpful."), user("Hello")]},
    {"messages": [user("Hi"), assistant("Hello!"), user("How are you?")]},
    {"messages": [system("Be brief."), user("Hi"), assistant("Hello!"), user("How?"), assistant("Fine."), user("Good")]},
    {"messages": [user("Hi"), assistant("Hello, I end the conversation.")]},
    {"messages": [user("")]},
    {"messages": [system(""), user("x")]},
    {"messages": []},
    {"messages": [system("Only a system prompt.")]},
    {"messages": [user(UNICODE)]},
    {"messages": [system(UNICODE), user(UNICODE), assistant(UNICODE), user(UNICODE)]},
    {"messages": [user("  spaces around \n\n"), assistant("\n\n  more  \n"), user("\t end ")]},
    {"messages": [user("line one\nline two\r\nline three"), assistant("a\n\nb"), user("c")]},
    {"messages": [user("first"), user("second")]},
    {"messages": [assistant("I begin."), user("Then I.")]},
    # Reasoning
    {"messages": [user("2+2?"), assistant("<think>\nTwo and two.\n</think>\n\n4"), user("Sure?")]},
    {"messages": [user("2+2?"), assistant("4", reasoning_content="Two and two."), user("Sure?")]},
    {"messages": [user("2+2?"), assistant("4")], "enable_thinking": False},
    {"messages": [user("Think hard")], "enable_thinking": True, "reasoning_effort": "high"},
    # Parts
    {"messages": [user([{"type": "text", "text": "part one"}, {"type": "text", "text": "part two"}])]},
    {"messages": [user([{"type": "text", "text": "look"}, {"type": "image"}]), assistant("a cat"), user("sure?")]},
    # Tools
    {"messages": [user("Weather in Berlin?")], "tools": [WEATHER]},
    {"messages": [system("Use tools."), user("Search something")], "tools": [WEATHER, SEARCH, NOTHING]},
    {"messages": [user("Weather?"), assistant(None, tool_calls=[BERLIN]), result("{\"degrees\": 21.5}")], "tools": [WEATHER]},
    {
        "messages": [
            user("Weather?"),
            assistant("", tool_calls=[BERLIN]),
            result("21 °C"),
            assistant("It is 21 °C."),
            user("Thanks"),
        ],
        "tools": [WEATHER],
    },
    {
        "messages": [
            user("Both"),
            assistant(
                "Let me see.",
                tool_calls=[
                    call("get_weather", {"place": "Köln", "days": 3}, "abcdefghi"),
                    call("search", {"query": "a \"b\" <c>", "filters": {"site": "x", "tags": ["t", "ü"]}, "ratio": 0.75, "limit": None}, "jklmnopqr"),
                ],
            ),
            result("one", "abcdefghi"),
            result("{\"found\": [1, 2]}", "jklmnopqr", "search"),
        ],
        "tools": [WEATHER, SEARCH],
    },
    {
        "messages": [
            user("Arguments as text"),
            assistant("", tool_calls=[call("get_weather", "{\"place\": \"Rome\"}")]),
            result("warm"),
        ],
        "tools": [WEATHER],
    },
    {
        "messages": [
            system("S"),
            user("Think and call"),
            assistant("", reasoning_content="I need the weather.", tool_calls=[BERLIN]),
            result("cold"),
            assistant("It is cold.", reasoning_content="Done."),
            user("More"),
        ],
        "tools": [WEATHER],
    },
    {"messages": [{"role": "developer", "content": "Developer says."}, user("Hi")], "tools": [NOTHING]},
    {"messages": [{"role": "stranger", "content": "Who am I?"}]},
]
assert len(CONVERSATIONS) == 30

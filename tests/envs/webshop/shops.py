"""A small shop for the tests, in WebShop's own files."""

import json
from types import SimpleNamespace

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_envs.webshop.env import WebShop


def item(code, name, **fields):
    return {
        "asin": code,
        "name": name,
        "full_description": "",
        "pricing": "$12.50",
        "small_description": ["first bullet", "second bullet"],
        "customization_options": {},
        "category": "garden",
        "query": "Widgets ",
        "product_category": "Home › Tools › Widgets",
        **fields,
    }


def values(*names):
    return [{"value": name, "image": None} for name in names]


def write_shop(folder, items, attributes=None, written=None):
    """Files as options: products, attributes and, where given, human_goals."""
    known = {i["asin"]: {"attributes": ["sturdy"]} for i in items if "asin" in i}
    contents = {"products": items, "attributes": known | (attributes or {})}
    if written is not None:
        contents["human_goals"] = written
    options = {}
    for name, content in contents.items():
        options[name] = folder / f"{name}.json"
        options[name].write_text(json.dumps(content), encoding="utf-8")
    return options


def goal_task(text="Find me a sturdy widget", product="B000000001", **goal):
    metadata = {"attributes": ["sturdy"], "options": [], "price_upper": 20.0} | goal
    return Task("goal", "webshop", text, metadata={"product": product, **metadata})


class Player:
    """Plays text actions such as `click[buy now]`."""

    def __init__(self, options, task, **others):
        self.env = WebShop(max_turns=100, **options, **others)
        self.env.reset(options={"task": task})

    def __call__(self, action):
        messages, reward, terminated, _, info = self.env.step(action)
        (call,) = info["calls"]
        return SimpleNamespace(
            text=messages[0]["content"], reward=reward, over=terminated, failure=call.failure
        )


def turn(env, name, argument):
    arguments = {"keywords" if name == "search" else "target": argument}
    return env.parser.render("", [Call(name, arguments)])

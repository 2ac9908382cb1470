"""Pages: what a policy reads, word for word as WebShop writes it.

The expected texts were written by hand after the output of the original's own templates.
"""

import pytest

from .shops import Player, goal_task, item, values, write_shop

ASK = "Find me a sturdy widget"
ITEMS = [
    item(
        "B000000001",
        "Widget & Co",
        full_description="A <b>widget</b>.",
        pricing="$3.00$9.99",
        customization_options={"Color": values("Red/Blue ", "blue"), "Size": values("small")},
    ),
    item("B000000002", "Widget Two", pricing=None, small_description="only one", query="gears"),
    item("B000000003", "Gadget", pricing="$1,299.00", full_description=None),
]

SCRIPT = {
    "back at the start": ["search[widget]", "click[back to search]"],
    "results": ["search[Widget]"],
    "item": ["search[widget]", "click[b000000001]"],
    "chosen": ["search[widget]", "click[b000000001]", "click[red | blue]"],
    "description": ["search[widget]", "click[B000000001]", "click[Description]"],
    "features": ["search[widget]", "click[b000000001]", "click[features]"],
    "reviews": ["search[widget]", "click[b000000001]", "click[reviews]"],
    "no description": ["search[gadget]", "click[b000000003]", "click[description]"],
    "opened": ["search[widget]", "click[b000000001]", "click[blue]", "click[< prev]"],
    "nothing found": ["search[zebra]"],
    "bought": ["search[widget]", "click[b000000001]", "click[blue]", "click[buy now]"],
}
TOP = f"Instruction: [SEP] {ASK} [SEP] Back to Search"
ITEM = (
    f"{TOP} [SEP] < Prev [SEP] color [SEP] red | blue [SEP] blue [SEP] size [SEP] small [SEP] "
    "Widget & Co [SEP] Price: $3.0 to $9.99 [SEP] Rating: N.A. [SEP] Description [SEP] Features "
    "[SEP] Reviews [SEP] Buy Now"
)
RESULTS = (
    f"{TOP} [SEP] Page 1 (Total results: 2) [SEP] Next > [SEP] B000000001 [SEP] Widget & Co [SEP] "
    "$3.0 to $9.99 [SEP] B000000002 [SEP] Widget Two [SEP] $100.0"
)
DONE = (
    "Thank you for shopping with us! [SEP] Your code: [SEP] None [SEP] (Paste it in your MTurk "
    'interface.) [SEP] Purchased [SEP] asin [SEP] B000000001 [SEP] options [SEP] {"color": "blue"} '
    "[SEP] attrs [SEP] None [SEP] category [SEP] None [SEP] query [SEP] None [SEP] product "
    "category [SEP] None [SEP] Target [SEP] asin [SEP] options [SEP] attrs [SEP] price upper [SEP] "
    "instuction text [SEP] category [SEP] product category [SEP] query [SEP] Goal [SEP] None [SEP] "
    "Reward [SEP] Your score (min 0.0, max 1.0) [SEP] 1.0 [SEP] Reward Details [SEP] None"
)
TEXT = {
    "back at the start": f"WebShop [SEP] Instruction: [SEP] {ASK} [SEP] Search",
    "results": RESULTS,
    "item": ITEM,
    "chosen": ITEM,
    "description": f"{TOP} [SEP] < Prev [SEP] A <b>widget</b>.",
    "features": f"{TOP} [SEP] < Prev [SEP] first bullet [SEP] second bullet",
    "reviews": f"{TOP} [SEP] < Prev",
    "no description": f"{TOP} [SEP] < Prev",
    "opened": RESULTS,
    "nothing found": f"{TOP} [SEP] Page 1 (Total results: 0) [SEP] Next >",
    "bought": DONE,
}

RICH_TOP = f"Instruction:\n{ASK}\n[button] Back to Search [button_]\n"
RICH_ITEM = """[button] < Prev [button_]
color
  [button] red | blue [button_]
  [button] blue [button_]
size
  [button] small [button_]
Widget & Co
Price: $3.0 to $9.99
Rating: N.A.
[button] Description [button_]
[button] Features [button_]
[button] Reviews [button_]
[button] Buy Now [button_]
"""
RICH_RESULTS = """Page 1 (Total results: 2)
[button] Next > [button_]

[button] B000000001 [button_]
Widget & Co
$3.0 to $9.99

[button] B000000002 [button_]
Widget Two
$100.0
"""
RICH = {
    "back at the start": f"WebShop\nInstruction: \n{ASK}\n[button] Search [button_]\n",
    "results": RICH_TOP + RICH_RESULTS,
    "item": RICH_TOP + RICH_ITEM,
    "chosen": "You have clicked red | blue.\n"
    + RICH_TOP
    + RICH_ITEM.replace(
        "[button] red | blue [button_]", "[clicked button] red | blue [clicked button_]"
    ),
    "description": f"{RICH_TOP}[button] < Prev [button_]\nA <b>widget</b>.\n",
    "features": f"{RICH_TOP}[button] < Prev [button_]\n first bullet\n second bullet\n",
    "reviews": f"{RICH_TOP}[button] < Prev [button_]\n",
    "no description": f"{RICH_TOP}[button] < Prev [button_]\n",
    "opened": RICH_TOP
    + RICH_RESULTS.replace(
        "[button] B000000001 [button_]", "[clicked button] B000000001 [clicked button_]"
    ),
    "nothing found": f"{RICH_TOP}Page 1 (Total results: 0)\n[button] Next > [button_]\n",
    "bought": DONE.replace("Your code:", "Your code: ")
    .replace("(Paste", " (Paste")
    .replace("[SEP] Goal [SEP]", "[SEP] Goal  [SEP]")
    .replace("Reward Details", "Reward Details ")
    .replace(" [SEP] ", "\n")
    + "\n",
}


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize(("mode", "expected"), [("text", TEXT), ("text_rich", RICH)])
@pytest.mark.parametrize("name", SCRIPT)
def test_every_page_reads_as_in_webshop(tmp_path, name, mode, expected, compat):
    # A policy trained or prompted on WebShop's pages would not know its way about others.
    play = Player(write_shop(tmp_path, ITEMS), goal_task(), observation_mode=mode, compat=compat)
    for action in SCRIPT[name]:
        shown = play(action)
    assert shown.text == expected[name]


def test_reviews_are_shown(tmp_path):
    reviews = [{"title": "Good", "score": 4.0, "body": "I like it."}]
    options = write_shop(tmp_path, [item("B000000001", "Widget", Reviews=reviews)])
    play = Player(options, goal_task())
    for action in ("search[widget]", "click[b000000001]", "click[reviews]"):
        shown = play(action)
    assert shown.text == f'{TOP} [SEP] < Prev [SEP] "Good" [SEP] 4.0 [SEP] I like it.'


def test_ten_results_a_page_and_fifty_at_most(tmp_path):
    many = [item(f"B{number:09}", f"Widget {number}") for number in range(70)]
    play = Player(write_shop(tmp_path, many), goal_task())
    shown = play("search[widget]").text
    assert "Page 1 (Total results: 50)" in shown
    assert shown.count("Widget") == 10 and "< Prev" not in shown
    for number in range(2, 6):
        shown = play("click[next >]").text
        assert f"Page {number} (Total results: 50) [SEP] < Prev [SEP] Next > [SEP]" in shown
    refused = play("click[next >]")
    assert refused.failure == "tool_error" and "page 5 is the last one" in refused.text
    assert "Page 4" in play("click[< prev]").text


def test_compat_shows_the_empty_pages_past_the_last_one(tmp_path):
    play = Player(write_shop(tmp_path, ITEMS), goal_task(), compat=True)
    play("search[widget]")
    assert play("click[next >]").text == (
        f"{TOP} [SEP] Page 2 (Total results: 2) [SEP] < Prev [SEP] Next >"
    )

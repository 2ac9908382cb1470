"""Functions of the embedded questions: documents in BFCL's form, and requests for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

__all__ = ["SKILLS", "Skill", "Slot"]


class Slot(NamedTuple):
    """A parameter: its schema, and a function that draws values.

    `draw` gives the value as it stands in the question and the acceptable values. A parameter with
    a `default` may be left out if the question does not mention it.
    """

    schema: Mapping[str, Any]
    draw: Callable[[Random], tuple[str, list[Any]]]
    default: Any = None


@dataclass(frozen=True, slots=True)
class Skill:
    """A function and sentences that ask for it, each with some of its parameters in braces.

    Attributes:
        reworded: sentences of the shift `phrasing`.
    """

    name: str
    description: str
    slots: Mapping[str, Slot]
    sentences: Sequence[str]
    reworded: Sequence[str] = field(kw_only=True)
    document: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        parameters = {
            "type": "dict",
            "properties": {key: dict(slot.schema) for key, slot in self.slots.items()},
            "required": [key for key, slot in self.slots.items() if slot.default is None],
        }
        document = {"name": self.name, "description": self.description, "parameters": parameters}
        object.__setattr__(self, "document", document)

    def ask(self, draw: Random, phrasing: bool = False) -> tuple[str, dict[str, list[Any]]]:
        """A request for one call, without a full stop, and the call's acceptable values.

        Args:
            phrasing: ask with the sentences of the shift `phrasing`.
        """
        sentence = draw.choice(self.reworded if phrasing else self.sentences)
        spoken, wanted = {}, {}
        for key, slot in self.slots.items():
            said, acceptable = slot.draw(draw)
            if "{" + key + "}" in sentence:
                spoken[key], wanted[key] = said, acceptable
            else:
                wanted[key] = [slot.default, ""]
        return sentence.format(**spoken), wanted


def _one_of(kind: str, description: str, *values: Any, default: Any = None) -> Slot:
    def draw(random: Random) -> tuple[str, list[Any]]:
        value = random.choice(values)
        return str(value), [value]

    return Slot({"type": kind, "description": description}, draw, default)


def _choice(description: str, *values: str, default: str | None = None) -> Slot:
    slot = _one_of("string", description, *values, default=default)
    return slot._replace(schema={**slot.schema, "enum": list(values)})


def _whole(description: str, lowest: int, highest: int, default: int | None = None) -> Slot:
    return _one_of("integer", description, *range(lowest, highest + 1), default=default)


def _decimal(description: str, lowest: int, highest: int) -> Slot:
    return _one_of("float", description, *(n / 2 for n in range(2 * lowest, 2 * highest + 1)))


def _flag(description: str, yes: str, no: str) -> Slot:
    def draw(random: Random) -> tuple[str, list[Any]]:
        value = random.random() < 0.5
        return (yes if value else no), [value]

    return Slot({"type": "boolean", "description": description}, draw, default=False)


def _several(kind: str, description: str, values: Sequence[Any], default: Any = None) -> Slot:
    def draw(random: Random) -> tuple[str, list[Any]]:
        chosen = random.sample(values, random.randint(2, 4))
        said = f"{', '.join(map(str, chosen[:-1]))} and {chosen[-1]}"
        return said, [chosen]

    schema = {"type": "array", "items": {"type": kind}, "description": description}
    return Slot(schema, draw, default)


def _box(description: str) -> Slot:
    def draw(random: Random) -> tuple[str, list[Any]]:
        sides = {key: random.randint(2, 60) for key in ("width", "height", "depth")}
        said = ", ".join(f"{value} cm in {key}" for key, value in sides.items())
        return said, [{key: [value] for key, value in sides.items()}]

    sides = {key: {"type": "integer", "description": "In centimetres."} for key in _SIDES}
    return Slot({"type": "dict", "description": description, "properties": sides}, draw)


_SIDES = ("width", "height", "depth")
_CITIES = ("Lisbon", "Nairobi", "Osaka", "Quito", "Tallinn", "Perth", "Cork", "Izmir", "Lyon")
_ROOMS = ("kitchen", "bedroom", "study", "hall", "living room")
_PEOPLE = ("Amara", "Bento", "Chiyo", "Dagny", "Emre", "Farida", "Goran", "Hana")
_CODES = ("EUR", "JPY", "KES", "SEK", "BRL", "INR", "CAD")
_DATES = tuple(f"2031-{month:02d}-{day:02d}" for month in (3, 6, 11) for day in (2, 9, 17, 24))

SKILLS = (
    Skill(
        "weather_forecast",
        "Forecast the weather of a city.",
        {
            "city": _one_of("string", "Name of the city.", *_CITIES),
            "days": _whole("How many days from today.", 2, 14),
            "unit": _choice(
                "Unit of the temperatures. Default is celsius.",
                *("celsius", "fahrenheit"),
                default="celsius",
            ),
        },
        (
            "tell me how the weather in {city} will be for the next {days} days",
            "I need the forecast of {days} days for {city}, in {unit}",
        ),
        reworded=("what will it be like outside in {city} over {days} days",),
    ),
    Skill(
        "timer_start",
        "Start a countdown.",
        {
            "minutes": _whole("How long it runs, in minutes.", 1, 90),
            "label": _one_of("string", "What it is for.", "tea", "bread", "laundry", "nap", "eggs"),
        },
        ("set a timer of {minutes} minutes for the {label}", "time the {label}: {minutes} minutes"),
        reworded=("let me know in {minutes} minutes that the {label} needs me",),
    ),
    Skill(
        "currency_convert",
        "Convert an amount of money at today's rate.",
        {
            "amount": _decimal("How much.", 3, 400),
            "source": _one_of("string", "Code of the currency it is in.", *_CODES[:4]),
            "target": _one_of("string", "Code of the currency wanted.", *_CODES[4:]),
        },
        ("convert {amount} {source} to {target}", "how much is {amount} {source} in {target}"),
        reworded=("I have {amount} {source}: what does that make in {target}",),
    ),
    Skill(
        "lights_set",
        "Set the lamps of a room.",
        {
            "room": _choice("Which room.", *_ROOMS),
            "brightness": _whole("In percent.", 5, 100),
            "colour": _choice(
                "Colour of the light. Default is white.",
                *("white", "amber", "blue", "green"),
                default="white",
            ),
        },
        (
            "dim the lamps in the {room} to {brightness} percent",
            "make the light in the {room} {colour}, at {brightness} percent",
        ),
        reworded=("I would like {brightness} percent of light in the {room}",),
    ),
    Skill(
        "calendar_add",
        "Enter an appointment in the calendar.",
        {
            "title": _one_of(
                "string", "What it is.", "budget review", "choir", "dentist", "book club", "yoga"
            ),
            "date": _one_of("string", "The day, as YYYY-MM-DD.", *_DATES),
            "guests": _several("string", "Who is invited. Default is nobody.", _PEOPLE, []),
        },
        (
            "put {title} on {date} into my calendar",
            "enter {title} on {date} and invite {guests}",
        ),
        reworded=("note down {title} for {date}",),
    ),
    Skill(
        "route_find",
        "Find a way from one city to another.",
        {
            "start": _one_of("string", "Where it begins.", *_CITIES[:5]),
            "destination": _one_of("string", "Where it ends.", *_CITIES[5:]),
            "mode": _choice("How to travel.", "car", "train", "bicycle"),
            "scenic": _flag(
                "Whether to prefer beautiful roads. Default is false.",
                "by the most beautiful way",
                "without detours for the view",
            ),
        },
        (
            "find a way by {mode} from {start} to {destination}",
            "how do I get from {start} to {destination} by {mode}, {scenic}",
        ),
        reworded=("I am in {start} and must get to {destination} by {mode}",),
    ),
    Skill(
        "recipe_scale",
        "List a dish's ingredients for a number of people.",
        {
            "dish": _one_of(
                "string", "Name of the dish.", "ratatouille", "dal", "paella", "borscht", "ramen"
            ),
            "servings": _whole("For how many people.", 2, 30),
        },
        ("what do I need to cook {dish} for {servings}", "list the {dish} for {servings} people"),
        reworded=("{servings} guests will eat {dish}: what goes into it",),
    ),
    Skill(
        "parcel_track",
        "Say where a parcel is.",
        {"number": _one_of("string", "Its number.", *(f"PX{n}Q" for n in range(4107, 9900, 37)))},
        ("where is the parcel {number}", "track {number} for me"),
        reworded=("has {number} been on its way yet",),
    ),
    Skill(
        "thermostat_set",
        "Set the temperature of a room.",
        {
            "room": _choice("Which room.", *_ROOMS),
            "temperature": _decimal("In degrees Celsius.", 12, 26),
        },
        ("heat the {room} to {temperature} degrees", "I want {temperature} degrees in the {room}"),
        reworded=("it should be {temperature} degrees in the {room}",),
    ),
    Skill(
        "statistics_mean",
        "Mean of numbers.",
        {"numbers": _several("integer", "The numbers.", range(2, 99))},
        ("what is the mean of {numbers}", "average {numbers}"),
        reworded=("take {numbers}: where does their middle lie, as a mean",),
    ),
    Skill(
        "box_volume",
        "Volume of a box in litres.",
        {"size": _box("The box's inner sides.")},
        ("how much fits into a box of {size}", "compute the volume of a box: {size}"),
        reworded=("I have a box with these sides: {size}; how many litres go in",),
    ),
    Skill(
        "message_send",
        "Send a short message.",
        {
            "recipient": _one_of("string", "Who gets it.", *_PEOPLE),
            "text": _one_of(
                *("string", "What it says.", "running late", "call me back", "the keys are inside"),
                *("dinner is ready", "train cancelled", "well done"),
            ),
        },
        ("write to {recipient}: {text}", 'send {recipient} the message "{text}"'),
        reworded=("let {recipient} know this: {text}",),
    ),
)

"""Colours that WebShop takes for the same: a value counts as the known name that it contains."""

from __future__ import annotations

__all__ = ["known_colour", "normalise_colour"]

_WORDS = """
alabaster apricot aqua ash asphalt azure banana beige black blue blush bordeaux bronze brown
burgundy camel camo caramel champagne charcoal cheetah chestnut chocolate christmas coffee cognac
copper coral cranberry cream crystal dark denim eggplant elephant espresso fuchsia gold granite
grape graphite grass gray green grey heather indigo ivory ivy khaki lavender lemon leopard light
lilac lime magenta maroon mauve merlot midnight mint mocha multicolor mushroom mustard natural navy
nude olive orange peach pewter pink plum purple rainbow red rose royal rust sand sapphire seashell
silver skull slate steel stone stonewash sunflower tan taupe teal tiger turquoise violet walnut
wheat white wine yellow
"""
_COLOURS = tuple(_WORDS.split())


def known_colour(value: str | tuple[str, ...]) -> str | None:
    """The first known colour, in alphabetical order, that is in the text or in the tuple."""
    return next((colour for colour in _COLOURS if colour in value), None)


def normalise_colour(value: str) -> str:
    """The first known colour anywhere in `value`; `value` itself if there is none.

    "light blue" is "blue", and so is "sky-blue 2".
    """
    return known_colour(value) or value

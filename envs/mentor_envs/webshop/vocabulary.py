"""What the embedded catalogue is made of: groups of products, and words for them.

No option's value is taken for another of the same option by the reward (see
`reward.similar`): "large" and "x-large" would be.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COLOURS", "GROUPS", "OPTIONS", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds of products that share their attributes and options.

    Attributes:
        adjectives: attributes that stand before the noun.
        features: attributes that it has.
        options: names in `OPTIONS`, or "color".
        kinds: name → lowest and highest price in dollars.
    """

    category: str
    name: str
    adjectives: tuple[str, ...]
    features: tuple[str, ...]
    options: tuple[str, ...]
    kinds: dict[str, tuple[int, int]]


COLOURS = (
    "black", "white", "navy", "olive", "beige", "pink", "teal", "burgundy", "mustard", "turquoise",
    "purple", "orange",
)  # fmt: skip
OPTIONS = {
    "size": ("small", "medium", "large"),
    "volume": ("20l", "35l", "50l"),
    "length": ("one foot", "two meters", "three yards"),
    "amount": ("single", "twin pack", "family box"),
    "flavor": ("vanilla", "hazelnut", "ginger", "raspberry", "cinnamon"),
    "scent": ("jasmine", "cedar", "lemongrass", "unscented"),
    "fit": ("slim", "regular", "relaxed"),
    "finish": ("matte", "glossy", "brushed"),
    "pattern": ("plain", "striped", "dotted", "floral"),
    "plug": ("type a", "usb", "battery"),
    "players": ("solo", "two people", "party"),
}


def _group(
    place: str,
    adjectives: str,
    features: str,
    options: str,
    kinds: dict[str, tuple[int, int]],
) -> Group:
    category, name = place.split("/")
    return Group(
        category,
        name,
        tuple(adjectives.split(", ")),
        tuple(features.split(", ")),
        tuple(options.split()),
        kinds,
    )


GROUPS = (
    _group(
        "outdoors/bags",
        "waterproof, lightweight, foldable, tear resistant, quick drying, reflective",
        "padded straps, hidden pocket, bottle holder, rain cover, laptop sleeve",
        "color volume",
        {"hiking backpack": (35, 140), "dry bag": (12, 45), "travel duffel": (30, 110)},
    ),
    _group(
        "outdoors/camp beds",
        "insulated, compact, four season, machine washable, self inflating, windproof",
        "carry bag, side zipper, mesh window, repair kit, pillow pouch",
        "color size",
        {"sleeping bag": (30, 160), "camping mat": (18, 90), "hammock": (20, 75)},
    ),
    _group(
        "outdoors/lights",
        "rechargeable, shock proof, dimmable, hands free, long lasting, floating",
        "red light mode, magnetic base, belt clip, solar panel, battery gauge",
        "color plug",
        {"headlamp": (10, 60), "camp lantern": (14, 70), "pocket torch": (8, 40)},
    ),
    _group(
        "kitchen/cookware",
        "non stick, dishwasher safe, oven safe, scratch resistant, heavy duty, pfoa free",
        "glass lid, stay cool handle, pouring lip, copper core, steam vent",
        "finish size",
        {"frying pan": (18, 95), "stock pot": (28, 130), "saucepan": (16, 85), "wok": (22, 100)},
    ),
    _group(
        "kitchen/storage",
        "airtight, stackable, bpa free, freezer safe, leak proof, microwave safe",
        "bamboo lid, silicone seal, date dial, write on label, divided tray",
        "color amount",
        {"food container": (9, 48), "spice jar": (6, 32), "lunch box": (11, 52)},
    ),
    _group(
        "kitchen/drinkware",
        "vacuum insulated, sweat proof, hand made, shatter resistant, spill proof, double walled",
        "straw lid, cork base, tea strainer, carry loop, measuring marks",
        "color finish",
        {"travel mug": (12, 45), "water bottle": (10, 50), "glass teapot": (18, 80)},
    ),
    _group(
        "office/desk",
        "space saving, anti slip, height adjustable, easy to clean, sturdy, tool free",
        "pen slots, cable hole, phone stand, rubber feet, hidden drawer",
        "color finish",
        {"desk organizer": (12, 60), "monitor stand": (20, 95), "letter tray": (9, 45)},
    ),
    _group(
        "office/paper",
        "acid free, recycled, bleed proof, hard cover, refillable, lay flat",
        "ribbon marker, dotted pages, elastic band, inner pocket, numbered pages",
        "color pattern",
        {"notebook": (6, 35), "weekly planner": (9, 42), "sketch pad": (7, 38)},
    ),
    _group(
        "office/seating",
        "ergonomic, breathable, swivel, memory foam, weight tested, easy assemble",
        "lumbar support, flip up arms, tilt lock, foot rest, washable cover",
        "color size",
        {"office chair": (80, 420), "seat cushion": (18, 70), "kneeling stool": (55, 190)},
    ),
    _group(
        "clothing/tops",
        "long sleeve, moisture wicking, organic cotton, wrinkle free, thermal, pre shrunk",
        "button closure, kangaroo pocket, ribbed cuffs, crew neck, drawstring hood",
        "color size fit",
        {"hoodie": (22, 85), "polo shirt": (16, 60), "base layer": (18, 72)},
    ),
    _group(
        "clothing/trousers",
        "stretchy, fleece lined, stain resistant, high waisted, quick dry, hemmed",
        "zip pockets, elastic waist, ankle ties, belt loops, knee patches",
        "color size",
        {"cargo pants": (25, 95), "jogging pants": (18, 70), "corduroy trousers": (28, 98)},
    ),
    _group(
        "clothing/shoes",
        "slip resistant, vegan leather, wide toe, water repellent, arch supporting, cushioned",
        "rubber sole, hook closure, removable insole, steel toe, pull tab",
        "color size",
        {"trail shoes": (40, 150), "ankle boots": (45, 170), "house slippers": (14, 55)},
    ),
    _group(
        "beauty/hair",
        "sulfate free, color safe, plant based, fast absorbing, anti frizz, alcohol free",
        "argan oil, aloe extract, pump dispenser, biotin, wheat protein",
        "scent amount",
        {"hair mask": (8, 38), "dry shampoo": (7, 30), "curl cream": (9, 36)},
    ),
    _group(
        "beauty/skin",
        "fragrance free, oil free, cruelty free, paraben free, dermatologist tested, gentle",
        "shea butter, vitamin c, green tea, hyaluronic acid, zinc oxide",
        "scent amount",
        {"face cream": (9, 60), "body lotion": (7, 34), "lip balm": (4, 18), "hand soap": (5, 22)},
    ),
    _group(
        "beauty/tools",
        "anti static, heat resistant, travel sized, easy grip, rust free, hypoallergenic",
        "wooden handle, storage pouch, mirror case, soft bristles, spare heads",
        "color finish",
        {"hair brush": (7, 40), "nail clipper": (5, 24), "makeup sponge": (4, 20)},
    ),
    _group(
        "food/drinks",
        "caffeine free, fair trade, sugar free, single origin, freshly roasted, gluten free",
        "resealable bag, whole leaves, brewing guide, compostable pods, tin caddy",
        "flavor amount",
        {"herbal tea": (6, 30), "ground coffee": (9, 40), "cocoa powder": (7, 28)},
    ),
    _group(
        "food/snacks",
        "low sodium, dairy free, nut free, high protein, oven baked, non gmo",
        "sea salt, chia seeds, dark chocolate, real fruit, pumpkin seeds",
        "flavor amount",
        {"granola bar": (5, 26), "rice crackers": (4, 20), "trail mix": (8, 36)},
    ),
    _group(
        "food/spreads",
        "stone ground, raw, unsweetened, palm oil free, small batch, kosher",
        "squeeze bottle, glass jar, whole almonds, wild berries, chili flakes",
        "flavor amount",
        {"nut butter": (7, 30), "fruit jam": (5, 24), "honey spread": (8, 34)},
    ),
    _group(
        "electronics/audio",
        "noise cancelling, wireless, sweat resistant, low latency, foldable, voice controlled",
        "charging case, deep bass, volume wheel, spare ear tips, boom microphone",
        "color plug",
        {"earbuds": (20, 150), "studio headphones": (35, 260), "shower speaker": (15, 80)},
    ),
    _group(
        "electronics/cables",
        "fast charging, braided, tangle free, gold plated, surge protected, right angled",
        "cable tie, led indicator, dust cap, power switch, wall mount",
        "color length",
        {"charging cable": (6, 30), "power strip": (14, 60), "hdmi adapter": (8, 42)},
    ),
    _group(
        "electronics/cameras",
        "weather sealed, motion activated, wide angle, night vision, plug and play, pocket sized",
        "privacy shutter, tripod mount, memory slot, wrist strap, lens cloth",
        "color plug",
        {"action camera": (60, 330), "web camera": (25, 140), "camera case": (14, 65)},
    ),
    _group(
        "toys/building",
        "non toxic, water based, award winning, battery free, smooth edged, chunky",
        "storage tub, picture cards, moving gears, wooden wheels, rubber bands",
        "color amount",
        {"building blocks": (14, 80), "marble run": (18, 90), "model kit": (12, 75)},
    ),
    _group(
        "toys/games",
        "cooperative, fast paced, language free, travel friendly, family friendly, magnetic",
        "linen cards, sand timer, cloth bag, score pad, metal tokens",
        "players pattern",
        {"card game": (8, 35), "board game": (18, 75), "jigsaw puzzle": (9, 42)},
    ),
    _group(
        "bedroom/linen",
        "hypo allergenic, cooling, easy care, fade resistant, brushed cotton, oversized",
        "corner ties, envelope closure, deep pockets, hidden zip, piped edges",
        "color size pattern",
        {"duvet cover": (28, 120), "fitted sheet": (16, 70), "pillow case": (8, 38)},
    ),
    _group(
        "bedroom/curtains",
        "blackout, energy saving, sound dampening, sheer, lined, dust resistant",
        "metal grommets, tie backs, rod pocket, weighted hem, clip rings",
        "color length pattern",
        {"window curtain": (18, 95), "bed canopy": (25, 110), "door curtain": (15, 70)},
    ),
    _group(
        "garden/tools",
        "rust proof, carbon steel, telescopic, left handed, shock reducing, self sharpening",
        "cushion grip, safety lock, hanging hole, leather sheath, depth marks",
        "color size",
        {"pruning shears": (12, 60), "garden trowel": (7, 32), "leaf rake": (15, 65)},
    ),
    _group(
        "garden/pots",
        "frost proof, self watering, hand glazed, uv resistant, biodegradable, raised",
        "drainage tray, wall hook, rope hanger, wheel base, name tag",
        "color size finish",
        {"flower pot": (8, 55), "hanging planter": (12, 60), "seed tray": (6, 28)},
    ),
    _group(
        "pets/dogs",
        "chew proof, orthopedic, escape proof, odor free, no pull, glow in the dark",
        "squeaker, snack chamber, quick buckle, washable lining, bungee section",
        "color size",
        {"dog harness": (14, 60), "dog bed": (25, 130), "chew toy": (6, 26)},
    ),
    _group(
        "pets/cats",
        "scratch proof, dust free, collapsible, quiet, grain free, wobble free",
        "sisal post, dangling ball, viewing window, litter mat, sherpa lining",
        "color pattern",
        {"cat tree": (40, 190), "cat tunnel": (12, 48), "litter scoop": (5, 20)},
    ),
)

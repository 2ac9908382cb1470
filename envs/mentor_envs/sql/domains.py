"""The built-in databases: eight that train and eval share, four that only ood has.

Their rows are drawn from a seed by `contents.py`; all names are made up here.
"""

from __future__ import annotations

from mentor_envs.sql.schema import Amount, Domain, Entity, Kind, Link, Name

__all__ = ["OOD", "TRAIN"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "Ada Ben Cara Dan Elif Finn Gita Hugo Iris Jonas Kira Leo Mina Nils Olga Pavel Quinn "
    "Rosa Sven Tara Uma Viktor Wanda Yara"
)
_FAMILY = _words(
    "Abel Brandt Costa Dorn Eklund Faber Grant Horvat Ito Jensen Keller Lund Moreau Novak "
    "Okafor Petrov Quist Rossi Silva Tran"
)
_CITIES = ("Aldburg", "Corvale", "Dunmere", "Eastlake", "Fairport", "Greywood")
_COUNTRIES = ("Brazil", "Canada", "France", "Ghana", "Japan", "Norway")


def _people(plural: str = "names", column: str = "name") -> Name:
    return Name(column, plural, _GIVEN, _FAMILY)


_LIBRARY = Domain(
    "library",
    (
        Entity("author", "author", "authors", "id", (14, 20), (
            _people(),
            Kind("country", _COUNTRIES),
            Amount("birth_year", 1920, 1999),
        )),
        Entity("book", "book", "books", "id", (40, 60), (
            Name("title", "titles",
                 _words("Silent Golden Broken Hidden Last Winter Paper Second"),
                 _words("River Crown Garden Letter Mirror Island Clock Harbour")),
            Kind("genre", ("crime", "fantasy", "history", "poetry", "travel")),
            Amount("pages", 80, 900, noun="number of pages"),
            Amount("price", 5, 40, 2),
            Link("author_id", "author"),
        )),
    ),
)  # fmt: skip

_SCHOOL = Domain(
    "school",
    (
        Entity("teachers", "teacher", "teachers", "teacher_id", (10, 16), (
            _people("full names", "full_name"),
            Kind("subject", ("art", "biology", "chemistry", "maths", "music")),
            Amount("years_employed", 1, 35),
        )),
        Entity("courses", "course", "courses", "course_id", (20, 30), (
            Name("title", "titles", _words("Basic Applied Advanced Modern Practical"),
                 _words("Algebra Painting Genetics Statistics Harmony Chemistry Drawing")),
            Kind("level", ("beginner", "intermediate", "expert")),
            Amount("fee", 50, 600),
            Link("teacher_id", "teachers"),
        )),
        Entity("enrolments", "enrolment", "enrolments", "enrolment_id", (80, 110), (
            Kind("term", ("autumn", "spring", "summer")),
            Amount("grade", 40, 100, gaps=0.1),
            Link("course_id", "courses"),
        )),
    ),
)  # fmt: skip

_SHOP = Domain(
    "shop",
    (
        Entity("customer", "customer", "customers", "customer_id", (18, 26), (
            _people(),
            Kind("city", _CITIES),
            Kind("membership", ("basic", "silver", "gold")),
            Amount("age", 18, 80),
        )),
        Entity("product", "product", "products", "product_id", (24, 36), (
            Name("name", "names", _words("Red Blue Oak Steel Compact Folding"),
                 _words("Lamp Chair Kettle Shelf Mirror Basket Desk")),
            Kind("category", ("kitchen", "office", "garden", "bedroom")),
            Amount("price", 4, 250, 2),
            Amount("stock", 0, 90, noun="number in stock"),
        )),
        Entity("purchase", "purchase", "purchases", "purchase_id", (90, 130), (
            Kind("payment", ("card", "cash", "transfer"), "payment method"),
            Amount("quantity", 1, 12),
            Link("customer_id", "customer"),
            Link("product_id", "product"),
        )),
    ),
)  # fmt: skip

_FLIGHTS = Domain(
    "flights",
    (
        Entity("airline", "airline", "airlines", "id", (8, 12), (
            Name("name", "names", _words("Nordic Coral Summit Polar Delta Lotus"),
                 _words("Air Wings Airways Jet")),
            Kind("country", _COUNTRIES),
            Amount("fleet_size", 5, 160),
        )),
        Entity("flight", "flight", "flights", "id", (60, 90), (
            Name("code", "codes", _words("KA LM NP QR ST VX"),
                 [str(number) for number in range(101, 160)]),
            Kind("origin", _CITIES),
            Kind("status", ("on time", "delayed", "cancelled")),
            Amount("distance_km", 150, 9000, noun="distance in km"),
            Amount("delay_minutes", 5, 240, noun="delay in minutes", gaps=0.3),
            Link("airline_id", "airline"),
        )),
    ),
)  # fmt: skip

_HOSPITAL = Domain(
    "hospital",
    (
        Entity("doctors", "doctor", "doctors", "doctor_id", (12, 18), (
            _people(),
            Kind("department", ("cardiology", "neurology", "surgery", "paediatrics")),
            Amount("salary", 40_000, 160_000),
        )),
        Entity("patients", "patient", "patients", "patient_id", (36, 50), (
            _people(),
            Kind("blood_type", ("A", "B", "AB", "O")),
            Amount("age", 1, 95),
            Amount("weight_kg", 12, 110, 1, noun="weight in kg"),
            Link("doctor_id", "doctors"),
        )),
    ),
)  # fmt: skip

_MUSIC = Domain(
    "music",
    (
        Entity("artist", "artist", "artists", "artist_id", (12, 18), (
            _people("stage names", "stage_name"),
            Kind("style", ("jazz", "rock", "folk", "soul")),
            Amount("followers", 900, 90_000, noun="number of followers"),
        )),
        Entity("album", "album", "albums", "album_id", (24, 34), (
            Name("title", "titles", _words("Midnight Neon Slow Open Northern Velvet"),
                 _words("Road Signals Dance Water Sky Rooms")),
            Amount("release_year", 1970, 2024),
            Amount("rating", 1, 10, 1),
            Link("artist_id", "artist"),
        )),
        Entity("track", "track", "tracks", "track_id", (90, 120), (
            Kind("mood", ("calm", "happy", "sad", "wild")),
            Amount("seconds", 90, 480, noun="length in seconds"),
            Amount("plays", 100, 50_000, noun="number of plays"),
            Link("album_id", "album"),
        )),
    ),
)  # fmt: skip

_FOOTBALL = Domain(
    "football",
    (
        Entity("team", "team", "teams", "id", (10, 14), (
            Name("name", "names", _CITIES, ("Rovers", "United", "Lions")),
            Kind("league", ("north", "south", "west")),
            Amount("founded", 1880, 1999, noun="founding year"),
            Amount("budget", 2, 95, 1, noun="budget in millions"),
        )),
        Entity("player", "player", "players", "id", (60, 80), (
            _people(),
            Kind("position", ("goalkeeper", "defender", "midfielder", "striker")),
            Kind("nationality", _COUNTRIES),
            Amount("goals", 0, 60, noun="number of goals"),
            Amount("height_cm", 160, 205, noun="height in cm"),
            Link("team_id", "team"),
        )),
    ),
)  # fmt: skip

_ZOO = Domain(
    "zoo",
    (
        Entity("keeper", "keeper", "keepers", "keeper_id", (8, 12), (
            _people(),
            Kind("shift", ("morning", "evening", "night")),
            Amount("experience", 1, 30, noun="years of experience"),
        )),
        Entity("animal", "animal", "animals", "animal_id", (36, 50), (
            Name("nickname", "nicknames", _words("Big Little Old Lucky Sleepy Brave Shy"),
                 _words("Momo Zuzu Kibo Tiko Lala Nero Pip Bibi")),
            Kind("species", ("otter", "lion", "zebra", "parrot", "python")),
            Kind("diet", ("meat", "plants", "mixed")),
            Amount("age", 1, 40),
            Amount("weight_kg", 1, 300, 1, noun="weight in kg"),
            Link("keeper_id", "keeper"),
        )),
    ),
)  # fmt: skip

_MUSEUM = Domain(
    "museum",
    (
        Entity("hall", "hall", "halls", "hall_no", (7, 9), (
            Name("title", "titles", ("East", "West", "Upper", "Lower"),
                 ("Rotunda", "Gallery", "Court")),
            Kind("wing", ("old", "new")),
            Amount("area_m2", 60, 900, noun="area in square metres"),
        )),
        Entity("exhibit", "exhibit", "exhibits", "exhibit_no", (34, 44), (
            Name("label", "labels", _words("Bronze Marble Painted Carved Gilded Woven"),
                 _words("Horse Mask Bowl Shield Throne Panel Ship Harp")),
            Kind("period", ("ancient", "medieval", "modern")),
            Amount("insured_value", 1000, 900_000),
            Amount("made_in", -800, 1990, noun="year of making"),
            Link("hall_no", "hall"),
        )),
    ),
)  # fmt: skip

_FARM = Domain(
    "farm",
    (
        Entity("fields", "field", "fields", "field_id", (12, 16), (
            Name("field_name", "field names", _words("Mill Stone Brook Fox Chapel"),
                 ("Acre", "Meadow", "Hill", "End")),
            Kind("soil", ("clay", "sand", "peat"), "soil"),
            Amount("hectares", 1, 45, 1, noun="size in hectares"),
        )),
        Entity("harvests", "harvest", "harvests", "harvest_id", (70, 90), (
            Kind("crop", ("barley", "maize", "oats", "rye", "wheat")),
            Amount("season", 2010, 2024, noun="year"),
            Amount("tonnes", 2, 140, 1, noun="weight in tonnes"),
            Link("field_id", "fields"),
        )),
    ),
)  # fmt: skip

_SHIPPING = Domain(
    "shipping",
    (
        Entity("port", "port", "ports", "port_id", (8, 11), (
            Name("port_name", "port names", ("Cape", "Bay of", "Fort"),
                 ("Amber", "Juniper", "Saffron", "Slate")),
            Kind("ocean", ("Atlantic", "Indian", "Pacific")),
            Amount("docks", 2, 60, noun="number of docks"),
        )),
        Entity("vessel", "vessel", "vessels", "vessel_id", (26, 36), (
            Name("vessel_name", "vessel names", _words("Star Queen Spirit Pride Wind Lady"),
                 ("of Aldburg", "of Corvale", "of Dunmere", "of Eastlake", "of Fairport",
                  "of Greywood", "of Hartwick", "of Ivybridge")),
            Kind("type", ("tanker", "ferry", "container", "trawler")),
            Amount("capacity", 20, 20_000),
            Amount("built", 1965, 2024, noun="year of building"),
            Link("home_port_id", "port"),
        )),
        Entity("cargo", "cargo", "cargoes", "cargo_id", (70, 100), (
            Kind("goods", ("coffee", "cars", "oil", "grain"), "kind of goods"),
            Amount("tons", 1, 900, noun="weight in tons"),
            Link("vessel_id", "vessel"),
        )),
    ),
)  # fmt: skip

_CINEMA = Domain(
    "cinema",
    (
        Entity("director", "director", "directors", "person_id", (12, 16), (
            _people(),
            Kind("home", _COUNTRIES, "home country"),
            Amount("awards", 0, 25, noun="number of awards"),
        )),
        Entity("film", "film", "films", "film_id", (34, 44), (
            Name("film_title", "film titles",
                 _words("Crimson Distant Empty Final Lost Secret"),
                 _words("Summer Signal Orchard Witness Station Promise Tide Echo")),
            Kind("rated", ("all ages", "teens", "adults"), "age rating"),
            Amount("minutes", 70, 210, noun="length in minutes"),
            Amount("box_office", 1, 800, 1, noun="box office in millions", gaps=0.1),
            Link("directed_by", "director"),
        )),
    ),
)  # fmt: skip

TRAIN = {
    domain.name: domain
    for domain in (_LIBRARY, _SCHOOL, _SHOP, _FLIGHTS, _HOSPITAL, _MUSIC, _FOOTBALL, _ZOO)
}
"""Name → domain."""

OOD = {domain.name: domain for domain in (_MUSEUM, _FARM, _SHIPPING, _CINEMA)}
"""Name → domain; none of these schemas is in `TRAIN`."""

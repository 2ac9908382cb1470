"""Loading: WebShop's own files, and what is said of broken ones."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import DataError
from mentor_envs.webshop.catalogue import Catalogue, Product
from mentor_envs.webshop.goals import synthetic_goals
from mentor_envs.webshop.loading import load_catalogue

from .shops import item, values, write_shop


def load(folder, items, **tables):
    return load_catalogue(**write_shop(folder, items, **tables))


def test_an_item_is_read_as_webshop_reads_it(tmp_path):
    options = {"Color": values(" Red/Blue ", "GREEN"), "Size": None}
    row = item("B000000001", "Widget", customization_options=options, pricing="$1,003.00 $9.99 $7")
    facts = {"attributes": ["a b"], "instruction": "find me", "instruction_attributes": ["a b"]}
    (product,) = load(tmp_path, [row], attributes={"B000000001": facts}).products
    assert product.options == {"color": ("red | blue", "green")}
    assert product.prices == (1003.0, 9.99) and product.price_tag == "$1003.0 to $9.99"
    assert (product.query, product.attributes, product.asked) == ("widgets", ("a b",), ("a b",))
    assert product.contents == "widget  first bullet color: red | blue, green"


@pytest.mark.parametrize("pricing", [None, "", []])
def test_a_product_without_a_price_costs_100_dollars(tmp_path, pricing):
    (product,) = load(tmp_path, [item("B1", "Widget", pricing=pricing)]).products
    assert product.price_tag == "$100.0"


@pytest.mark.parametrize("options", [None, "", {}, {"size": []}])
def test_a_product_without_options(tmp_path, options):
    catalogue = load(tmp_path, [item("B1", "Widget", customization_options=options)])
    assert catalogue.products[0].contents.startswith("widget  first bullet")


def test_rows_that_webshop_passes_over(tmp_path):
    rows = [item("B1", "one"), item("B1", "again"), item("nan", "x"), item("B" * 11, "long")]
    assert [p.title for p in load(tmp_path, [*rows, item("B2", "two")]).products] == ["one", "two"]
    options = write_shop(tmp_path, [*rows, item("B2", "two")])
    assert len(load_catalogue(**options, limit=4).products) == 1


def test_documents_are_read_as_they_were_indexed(tmp_path):
    row = item("B1", "Widget", pricing=[5.0, 7.5], Attributes=["sturdy"])
    path = tmp_path / "documents.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n" + json.dumps({"id": "B1", "contents": "…", "product": row}) + "\n")
    (product,) = load_catalogue(path).products
    assert (product.price_tag, product.attributes) == ("$5.0 to $7.5", ("sturdy",))


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=300), min_size=1, max_size=20),
    st.integers(1, 50),
    st.sampled_from([None, 0, 4]),
)
def test_an_array_is_read_piece_by_piece(tmp_path_factory, titles, piece, indent):
    # The original's file of a million products does not fit into the memory of most machines.
    path = tmp_path_factory.mktemp("items") / "items.json"
    rows = [item(f"B{number}", title) for number, title in enumerate(titles)]
    path.write_text(json.dumps(rows, indent=indent, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mentor_envs.webshop.loading._PIECE", piece)
        assert [product.title for product in load_catalogue(path).products] == titles


BROKEN_ROWS = [
    ({}, "row 2: no key 'asin'"),
    ("text", "row 2: expected an object"),
    (item("B2", 3), "row 2: name must be text, got 3"),
    (item("B2", "x", pricing="free"), 'row 2: pricing must be a price such as $9.99'),
    (item("B2", "x", pricing="$1.2.3"), "row 2: pricing must be"),
    (item("B2", "x", pricing=7), "row 2: pricing must be"),
    (item("B2", "x", small_description=[1]), "row 2: small_description must be a list of texts"),
    (item("B2", "x", customization_options=[1]), "row 2: customization_options must be"),
    (item("B2", "x", customization_options={"c": "red"}), "'c' must be a list of values"),
    (item("B2", "x", customization_options={"c": [{}]}), "'c': no key 'value'"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "message"), BROKEN_ROWS)
def test_a_broken_row_is_named(tmp_path, row, message):
    with pytest.raises(DataError) as error:
        load(tmp_path, [item("B1", "fine"), row])
    assert str(error.value).startswith(f"{tmp_path / 'products.json'}: ") and message in str(
        error.value
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no product"),
        ("[]", "no product"),
        ("{", ":1: not JSON"),
        ("[{", "row 1: not JSON"),
        ('[{"asin": "B1"', "row 1: not JSON"),
        ("12", ":1: expected an object"),
        ('{"id": 1}', ":1: no key 'product'"),
        ("\n[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, message):
    path = tmp_path / "items.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_catalogue(path)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


@pytest.mark.parametrize("content", [b"\x1f\x8b damaged", b"", b"\xff"])
def test_an_unreadable_file_is_named(tmp_path, content):
    path = tmp_path / "items.json.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"items\.json\.gz"):
        load_catalogue(path)
    with pytest.raises(DataError, match=r"missing\.json: No such file"):
        load_catalogue(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"attributes": {"B1": []}}, "attributes.json: B1: expected an object"),
        ({"attributes": {"B1": {"attributes": "x"}}}, "B1: attributes must be a list of texts"),
        ({"attributes": {"B1": {"instruction": "x"}}}, "B1: no key 'instruction_attributes'"),
        ({"written": {"B1": {"x": 1}}}, "human_goals.json: B1: expected a list"),
        ({"written": {"B1": [{}]}}, "human_goals.json: B1: instruction 1: no key"),
        ({"written": ["i need a sofa"]}, "human_goals.json: expected an object: code"),
    ],
)
def test_broken_tables_are_named(tmp_path, tables, message):
    with pytest.raises(DataError) as error:
        load(tmp_path, [item("B1", "Widget")], **tables)
    assert message in str(error.value)


def test_a_catalogue_has_products_with_codes_of_their_own():
    product = Product("B1", "t", "", ("",), "c", "q", "l")
    for products in ([], [product, product]):
        with pytest.raises(DataError):
            Catalogue(products)


@pytest.fixture(scope="module")
def real(shared_data):
    folder: Path = shared_data / "webshop"
    return folder / "products_1k.jsonl.gz", folder / "items_ins_v2_1000.json"


def test_the_thousand_real_products_have_6910_synthetic_goals(real):
    # The number that WebShop itself prints for its small catalogue.
    catalogue = load_catalogue(*real)
    assert len(catalogue.products) == 1000
    assert len(list(synthetic_goals(catalogue, seed=0))) == 6910


def test_real_products_are_read_as_webshop_read_them(real):
    catalogue = load_catalogue(real[0])
    with gzip.open(real[0], "rt", encoding="utf-8") as file:
        for product, line in zip(catalogue.products, file, strict=True):
            row = json.loads(line)
            theirs = row["product"]
            assert product.contents == row["contents"]
            assert product.price_tag == theirs["Price"]
            assert {k: list(v) for k, v in product.options.items()} == theirs["options"]
            assert list(product.bullets) == theirs["BulletPoints"]
            assert list(product.attributes) == theirs["Attributes"]

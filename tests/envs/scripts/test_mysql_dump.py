"""MySQL dumps: what they say, in SQLite; and where they are damaged."""

from __future__ import annotations

import gzip
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import DataError
from mysql_dump import _unescape, read_dump, write_sqlite

DUMP = r"""-- MySQL dump
CREATE USER 'admin'@'%' IDENTIFIED BY 'admin';
CREATE DATABASE IF NOT EXISTS `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `shop`;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `maker` (
  `id` int NOT NULL AUTO_INCREMENT,
  `full name` varchar(20) COLLATE utf8mb4_general_ci DEFAULT 'a, b',
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`full name`)
) ENGINE=InnoDB;
LOCK TABLES `maker` WRITE;
INSERT INTO `maker` VALUES (1,'O\'Brien; (a)'),(2,'it''s\n"x"'),(3,NULL);
CREATE TABLE `item` (
  `id` int DEFAULT NULL,
  `price` decimal(19,4) DEFAULT NULL,
  `raw` text,
  `made` datetime,
  `maker_id` int,
  KEY `maker_FK` (`maker_id`),
  CONSTRAINT `maker_FK` FOREIGN KEY (`maker_id`) REFERENCES `maker` (`id`) ON DELETE CASCADE
);
INSERT INTO `item` VALUES (1,-2.5000,'007','2020-01-02 00:00:00',1);
INSERT INTO `item` VALUES (2,3,_binary 'x','',NULL),(0x41,1e3,'','',2);
CREATE TABLE `sqlite_sequence` (`name` text);
"""


def test_a_dump_is_read(tmp_path):
    (tmp_path / "x.sql.gz").write_bytes(gzip.compress(DUMP.encode()))
    databases = read_dump(tmp_path / "x.sql.gz")
    assert [table.name for table in databases["shop"]] == ["maker", "item", "sqlite_sequence"]
    path = tmp_path / "a" / "shop.sqlite"
    write_sqlite(path, databases["shop"])
    write_sqlite(path, databases["shop"])  # again in its place
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT * FROM maker").fetchall() == [
        (1, "O'Brien; (a)"),
        (2, 'it\'s\n"x"'),
        (3, None),
    ]
    assert connection.execute("SELECT * FROM item").fetchall() == [
        (1, -2.5, "007", "2020-01-02 00:00:00", 1),
        (2, 3, "x", "", None),
        (b"A", 1000, "", "", 2),
    ]
    keys = connection.execute("PRAGMA foreign_key_list(item)").fetchall()
    assert [key[2:5] for key in keys] == [("maker", "maker_id", "id")]
    assert [row[5] for row in connection.execute("PRAGMA table_info(maker)")] == [1, 0]
    connection.close()


@pytest.mark.parametrize(
    ("statement", "line", "expected"),
    [
        ("INSERT INTO `maker` VALUES\n(1,'a'),\n(2);", 4, "'maker', row 2: 1 values for 2 columns"),
        ("INSERT INTO `nobody` VALUES (1);", 2, "table 'nobody', which was not created"),
        ("INSERT INTO `maker` (`id`) VALUES (1);", 2, "expected VALUES"),
        ("INSERT INTO `maker` VALUES (1,'a);", 2, "' without its end"),
        ("INSERT INTO `maker` VALUES (1,'a'", 2, "a statement without its end"),
        ("INSERT INTO `maker` VALUES (1,now());", 2, "no value: now"),
        ("INSERT INTO `maker` VALUES (1,);", 2, "nothing between two commas"),
        ("INSERT INTO;", 2, "ends too early"),
        ("CREATE TABLE `x` (`a`);", 2, "column `a` has no type"),
        ("CREATE TABLE `x` ();", 2, "has no column"),
        ("CREATE TABLE `x` (`a` int;", 2, "( without its )"),
        ("CREATE TABLE `x` (FROBNICATE `a`);", 2, "no column or key"),
    ],
)
def test_a_damaged_dump_is_named_by_file_and_line(tmp_path, statement, line, expected):
    path = tmp_path / "x.sql"
    path.write_text(f"USE `a`; CREATE TABLE `maker` (`id` int, `name` text);\n{statement}")
    with pytest.raises(DataError) as raised:
        read_dump(path)
    assert str(raised.value).startswith(f"{path}:{line}: ")
    assert expected in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"SELECT 1;", b"\xff\xfe"])
def test_a_file_that_is_no_dump_is_named(tmp_path, content):
    (tmp_path / "x.sql").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.sql"):
        read_dump(tmp_path / "x.sql")


def test_a_table_that_sqlite_does_not_take_is_named(tmp_path):
    (tmp_path / "x.sql").write_text("USE `a`; CREATE TABLE `t` (`c` int, `C` int);")
    tables = read_dump(tmp_path / "x.sql")["a"]
    with pytest.raises(DataError, match=r"a\.sqlite: table 't': duplicate column"):
        write_sqlite(tmp_path / "a.sqlite", tables)


@given(st.text())
def test_any_text_comes_back(text):
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    assert _unescape(f"'{escaped}'") == text


@given(st.text(st.sampled_from("USE`a;CREATE TABLE(int),'\\\n ")))
def test_no_text_raises_anything_but_a_data_error(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("dump") / "x.sql"
    path.write_text(f"USE `a`; {text}")
    try:
        read_dump(path)
    except DataError as error:
        assert str(path) in str(error)

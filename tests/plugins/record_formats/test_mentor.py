"""mentor's own rows."""

import pytest

from mentor_core import RowError
from mentor_core.door.registry import RECORD_FORMATS, create


def read(row, **options):
    return create(RECORD_FORMATS, "mentor", options).read(row)


def test_mentors_own_row_names_the_field_that_is_wrong():
    with pytest.raises(RowError, match="task_id"):
        read({"env": "calculator"})
    own = read({"uid": "7", "env": "x"}, env="y", task_field="uid")
    assert own.task_key == ("y", "7")

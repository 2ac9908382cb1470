"""The file of trajectories that `mentor eval` keeps."""

from mentor_core.contracts.trajectory import write_trajectories
from mentor_lab.testing import trajectory_of
from mentor_plugins.commands.kept import end_lines


def test_a_file_that_was_being_written_can_be_appended_to(tmp_path):
    path = tmp_path / "t.jsonl"
    with path.open("w") as file:
        write_trajectories(file, [trajectory_of("3")] * 2)
    whole = path.read_bytes()
    for content, kept in ((whole, 2), (whole[:-1], 2), (whole[:-9], 1), (whole[:9], 0), (b"", 0)):
        path.write_bytes(content)
        end_lines(path)
        assert path.read_bytes() == b"".join(whole.splitlines(True)[:kept])

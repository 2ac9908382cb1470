"""A collector is sent an episode as a trace that follows the conventions."""

import json
from collections import defaultdict

import pytest

from mentor_core.contracts.trajectory import Trajectory, Turn, read_trajectories
from mentor_core.support.errors import RunError
from mentor_plugins.trackers.opentelemetry import OpentelemetryTracker

pytest.importorskip("opentelemetry.sdk", reason="needs the extra opentelemetry")


def traces(spans):
    found = defaultdict(list)
    for span in spans:
        found[span.trace_id].append(span)
    return found


@pytest.mark.slow
def test_each_episode_of_a_resumed_run_is_one_trace(resumed_run):
    collector = resumed_run.collector
    attributes = collector.attributes
    assert collector.paths == {"/v1/traces"}
    assert collector.resources[0]["service.name"] == "mentor"
    assert len(collector.spans) == resumed_run.sent_before_kill  # both steps; none again
    played = read_trajectories(resumed_run.directory / "trajectories" / "train.jsonl")
    found = traces(collector.spans)
    assert len(found) == len(played) == 16
    roots = [span for span in collector.spans if not span.parent_span_id]
    told = [attributes(span) for span in roots]
    for root, episode in zip(told, played, strict=True):
        assert root["mentor.task.id"] == episode.task_id
        assert root["mentor.step"] == episode.policy_version + 1
        assert root["mentor.reward"] == pytest.approx(episode.reward)
        assert root["gen_ai.request.model"] == "embedded/calculator"
    for root, episode in zip(roots, played, strict=True):
        below = [span for span in found[root.trace_id] if span is not root]
        kinds = [attributes(span)["gen_ai.operation.name"] for span in below]
        assert kinds.count("chat") == len(episode.turns)
        assert kinds.count("execute_tool") == len(episode.calls)
        assert {span.parent_span_id for span in below} == {root.span_id}
        sampled = sum(episode.tokens.mask)
        assert attributes(root)["gen_ai.usage.output_tokens"] == sampled


@pytest.mark.parametrize("content", [False, True])
def test_texts_are_sent_only_if_they_are_asked_for(tmp_path, collector, content):
    tracker = OpentelemetryTracker(endpoint=collector.endpoint, content=content)
    tracker.start(tmp_path, {"model": "m"}, 0)
    turn = Turn("I know: ü", observation=[{"role": "tool", "content": "seen"}])
    prompt = [{"role": "user", "content": "a question"}]
    tracker.log_trajectories(1, [Trajectory("t", "e", prompt=prompt, turns=[turn], answer="42")])
    tracker.finish()
    sent = json.dumps([collector.attributes(span) for span in collector.spans], ensure_ascii=False)
    assert ("a question" in sent, "I know: ü" in sent) == (content, content)


def test_a_collector_that_takes_nothing_stops_the_run_and_the_step_is_sent_again(
    tmp_path, collector
):
    """Spans that are lost without a word would be gaps that look like results."""
    episodes = [Trajectory("t", "e", turns=[Turn("x")])]
    collector.status = 400
    tracker = OpentelemetryTracker(endpoint=collector.endpoint, timeout=1)
    tracker.start(tmp_path, {}, 0)
    with pytest.raises(RunError, match=f"the collector {collector.endpoint} did not take 2 spans"):
        tracker.log_trajectories(1, episodes)
    tracker.finish()
    collector.status = 200
    for _ in range(2):
        again = OpentelemetryTracker(endpoint=collector.endpoint)
        again.start(tmp_path, {}, 0)
        again.log_trajectories(1, episodes)
        again.finish()
    assert [span.name for span in collector.spans] == ["invoke_agent e", "chat "]

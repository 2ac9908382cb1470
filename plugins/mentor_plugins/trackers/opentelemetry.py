"""OpentelemetryTracker: each episode as a trace in OpenTelemetry's conventions for generative AI.

Needs the SDK: `pip install "mentor-core[opentelemetry]"`.
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics, Tracker
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import RunError
from mentor_core.support.redaction import hide
from mentor_plugins.trackers.recorded import Recorded, run_name, started
from mentor_plugins.trackers.spans import Span, spans_of
from mentor_toolkit.extras import require
from mentor_toolkit.variables import expand

__all__ = ["OpentelemetryTracker"]

_SPANS = 500
"""Spans of one request; collectors limit its size."""


class OpentelemetryTracker(Tracker):
    """Sends the episodes of a step to a collector, by OTLP over HTTP.

    A trace is an episode: a span `invoke_agent`, with a span `chat` for each turn and a span
    `execute_tool` for each call below. The attributes `mentor.*` hold task, step, outcome and
    reward. Texts are sent with `content` only. Headers of the requests, such as a key, come from
    `OTEL_EXPORTER_OTLP_HEADERS`.
    """

    endpoint: str = Field(
        "", description="address for traces, http://HOST:4318/v1/traces; else as the SDK decides"
    )
    service: str = Field("mentor", min_length=1, description="service.name of the traces")
    episodes: int | None = Field(None, ge=0, description="episodes of a step; else all")
    content: bool = Field(False, description="also send prompts, turns, arguments and results")
    timeout: float = Field(10.0, gt=0, description="seconds that a request may take, retries too")

    _exporter: Any = PrivateAttr(default=None)
    _resource: Any = PrivateAttr(default=None)
    _recorded: Recorded = PrivateAttr()
    _model: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _ready(self) -> Self:
        expand(self.endpoint)
        require(
            "tracker 'opentelemetry'",
            "opentelemetry",
            "opentelemetry.sdk.trace",
            "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        )
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource

        self._recorded = Recorded.of(directory, "opentelemetry")
        self._model = str(config.get("model", ""))
        self._resource = Resource.create(
            {
                "service.name": self.service,
                "service.instance.id": self._recorded.id,
                "mentor.run": run_name(directory),
            }
        )
        self._exporter = OTLPSpanExporter(expand(self.endpoint) or None, timeout=self.timeout)
        self._recorded.keep()

    def log(self, step: int, metrics: Metrics) -> None:
        """Traces have no metrics."""

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        """Send the episodes.

        Raises:
            RunError: the collector did not take them.
        """
        if not self._recorded.fresh(step, {"episodes": None}):
            return
        now = time.time_ns()
        spans: list[Any] = []
        for number, trajectory in enumerate(trajectories[: self.episodes]):
            key = f"{self._recorded.id} {step} {number}"
            made = spans_of(trajectory, key, self._model, step, now, content=self.content)
            spans += map(self._readable, made)
        for first in range(0, len(spans), _SPANS):
            self._send(spans[first : first + _SPANS])
        self._recorded.keep(step, ["episodes"])

    def finish(self) -> None:
        if self._exporter is not None:
            self._exporter.shutdown()
            self._exporter = None

    def _send(self, spans: Sequence[Any]) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        if started(self._exporter, "opentelemetry").export(spans) is not SpanExportResult.SUCCESS:
            where = hide(self.endpoint) or "of the variables OTEL_EXPORTER_OTLP_…"
            raise RunError(
                f"tracker 'opentelemetry': the collector {where} did not take {len(spans)} spans "
                f"within {self.timeout:g} s; start the collector, and resume the run"
            )

    def _readable(self, span: Span) -> Any:
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

        def context(span_id: int) -> SpanContext:
            flags = TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(span.trace_id, span_id, is_remote=False, trace_flags=flags)

        return ReadableSpan(
            name=span.name,
            context=context(span.id),
            parent=context(span.parent) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(name, each, span.end) for name, each in span.events],
            kind=SpanKind.CLIENT if span.name.startswith("chat") else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.start,
            end_time=span.end,
            instrumentation_scope=InstrumentationScope("mentor"),
        )

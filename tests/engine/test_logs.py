"""Log lines come out of the engine's frames however the stream was cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.engine.logs import frames, lines
from ailtire_deploy.ports import LogLine


def frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def test_a_line_has_source_stream_time_and_text() -> None:
    said = frame(1, b"2026-01-01T00:00:00.5Z hello world\n") + frame(2, b"2026-01-01T00:00:01Z \n")
    assert list(lines([said], "shop/web.1")) == [
        LogLine("shop/web.1", "stdout", "2026-01-01T00:00:00.5Z", "hello world"),
        LogLine("shop/web.1", "stderr", "2026-01-01T00:00:01Z", ""),
    ]


def test_only_a_line_feed_ends_a_line() -> None:
    said = "2026-01-01T00:00:00Z 10%\r20%\f\v\x1c\x85\u2028done\n"
    assert [each.text for each in lines([frame(1, said.encode())], "s")] == [said[21:-1]]


def test_the_engines_own_complaint_is_no_line_of_the_program() -> None:
    assert list(lines([frame(3, b"incomplete log stream")], "shop/web.1")) == []


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert [each.text for each in lines([frame(1, b"T \xff\n")], "s")] == ["\ufffd"]


@given(st.lists(st.tuples(st.integers(1, 3), st.binary(max_size=40)), max_size=8), st.data())
def test_a_stream_may_be_cut_anywhere(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    whole = b"".join(frame(*each) for each in sent)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))) | {0, len(whole)})
    pieces = [whole[start:end] for start, end in pairwise(cuts)]
    assert list(frames(pieces)) == sent


@given(st.binary(max_size=200))
def test_what_is_no_stream_of_frames_does_no_harm(noise: bytes) -> None:
    assert sum(len(payload) for _, payload in frames([noise])) <= len(noise)

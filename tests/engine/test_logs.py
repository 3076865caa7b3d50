"""Log lines come out of the engine's frames however the stream was cut."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.engine.logs import LINE, frames, lines
from ailtire_deploy.ports import NOTE, LogLine


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


def test_the_engines_own_complaint_is_a_note_that_lines_are_missing() -> None:
    said = b"Error grabbing logs: rpc error: incomplete log stream: node x1y2 is not available"
    (found,) = lines([frame(3, said)], "shop/web.1")
    assert (found.source, found.stream, found.time) == ("shop/web.1", NOTE, "")
    assert "x1y2" not in found.text


def test_of_a_task_that_never_ran_nothing_is_missing() -> None:
    said = b"Error grabbing logs: rpc error: incomplete log stream: task x1y2 has not been scheduled"
    assert list(lines([frame(3, said)], "shop/web.1")) == []


def test_the_pieces_of_a_long_line_become_one_again_whatever_stands_between_them() -> None:
    out, err = b"2026-01-01T00:00:00Z ", b"2026-01-01T00:00:00.1Z "
    said = [frame(1, out + b"ab"), frame(2, err + b"err\n"), frame(1, out + b"cd"), frame(1, out + b"ef\n")]
    assert sorted(each.text for each in lines(said, "s")) == ["abcdef", "err"]


def test_a_piece_without_an_end_is_a_line_once_another_begins_or_nothing_comes() -> None:
    said = [frame(1, b"T1 ab"), frame(1, b"T2 cd")]
    assert [(each.time, each.text) for each in lines(said, "s")] == [("T1", "ab"), ("T2", "cd")]


def test_of_a_line_of_ten_megabytes_the_beginning_is_kept_and_the_rest_counted() -> None:
    piece = b"T " + b"x" * 16384
    said = (frame(1, piece) for _ in range(640))
    tracemalloc.start()
    try:
        (found,) = lines(said, "s")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.text == "x" * LINE + f" … ({640 * 16384 - LINE} more bytes)"
    assert peak < 1 << 20


def test_the_log_of_a_service_with_a_terminal_has_no_frames() -> None:
    said = [b"2026-01-01T00:00:00Z hel", b"lo\r\n2026-01-01T00:00:01Z ", b"world\r\n"]
    assert list(lines(said, "s")) == [
        LogLine("s", "stdout", "2026-01-01T00:00:00Z", "hello"),
        LogLine("s", "stdout", "2026-01-01T00:00:01Z", "world"),
    ]


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

"""Episode files: any records come back, a cut file reads up to its cut, and a file that is not what was written is never believed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from autopilot.episode import RECORDS_PER_FRAME, SUFFIX, EpisodeDamaged, read_episode, write_episode
from autopilot.journal import Record, Topic

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(
    st.builds(
        Record,
        seq=st.integers(1, 2**62),
        t_mono=st.floats(0, 1e9),
        t_wall=st.just("2026-03-01T12:00:00+00:00"),
        topic=st.sampled_from(Topic),
        key=WORDS,
        v=st.just(1),
        cause=st.none() | st.integers(1, 2**62),
        val=PLAIN,
    ),
    max_size=12,
)


def record(seq: int, val: Any = None) -> Record:
    return Record(seq=seq, t_mono=0.0, t_wall="2026-03-01T12:00:00+00:00", topic=Topic.ORDER, key=str(seq), v=1, cause=None, val=val)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / f"x{SUFFIX}"


@given(records=RECORDS)
def test_any_records_come_back_as_they_went(records: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{SUFFIX}"

        count = write_episode(path, iter(records))

        assert count == len(records)
        episode = read_episode(path)
        assert episode.records == tuple(records)
        assert not episode.cut


@pytest.mark.parametrize("count", [0, 1, RECORDS_PER_FRAME - 1, RECORDS_PER_FRAME, RECORDS_PER_FRAME + 1, 3 * RECORDS_PER_FRAME])
def test_records_around_the_size_of_a_frame_come_back(path: Path, count: int) -> None:
    records = tuple(record(seq) for seq in range(1, count + 1))

    write_episode(path, records)

    assert read_episode(path).records == records


def test_the_same_records_make_the_same_file(path: Path, tmp_path: Path) -> None:
    other = tmp_path / f"y{SUFFIX}"

    write_episode(path, [record(1, {"a": 1})])
    write_episode(other, [record(1, {"a": 1})])

    assert path.read_bytes() == other.read_bytes()


def test_a_failed_export_leaves_the_old_file(path: Path) -> None:
    write_episode(path, [record(1)])
    before = path.read_bytes()

    def failing() -> Iterator[Record]:
        yield from (record(seq) for seq in range(600))
        raise OSError("the journal went away")

    with pytest.raises(OSError, match="went away"):
        write_episode(path, failing())

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


LONG = tuple(record(seq, {"text": hashlib.sha256(str(seq).encode()).hexdigest()}) for seq in range(1, 3 * RECORDS_PER_FRAME))


@cache
def file_of(count: int) -> bytes:
    """The bytes of an episode of the first ``count`` records of ``LONG``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{SUFFIX}"
        write_episode(path, LONG[:count])
        return path.read_bytes()


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_cut_anywhere_reads_up_to_the_cut_and_says_so(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, whole = Path(folder) / f"x{SUFFIX}", file_of(len(LONG))
        length = data.draw(st.integers(0, len(whole) - 1))
        path.write_bytes(whole[:length])

        episode = read_episode(path)

        assert episode.records == LONG[: len(episode.records)]
        assert episode.cut
        whole_frames = sum(end <= length for end in frame_ends(whole)) - 1
        assert len(episode.records) == min(whole_frames * RECORDS_PER_FRAME, len(LONG))


def frame_ends(data: bytes) -> set[int]:
    ends, rest = {0}, data
    while rest:
        frame = zstandard.ZstdDecompressor().decompressobj()
        frame.decompress(rest)
        rest = frame.unused_data
        ends.add(len(data) - len(rest))
    return ends


@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_byte_is_never_believed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, whole = Path(folder) / f"x{SUFFIX}", bytearray(file_of(300))
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole)

        try:
            episode = read_episode(path)
        except EpisodeDamaged:
            return
        assert episode.records == LONG[: len(episode.records)]


def test_anything_after_the_last_frame_is_not_believed(path: Path) -> None:
    write_episode(path, LONG[:10])
    whole = path.read_bytes()
    path.write_bytes(whole + whole)

    with pytest.raises(EpisodeDamaged, match="expected to end with its empty frame"):
        read_episode(path)


def frame(*lines: Any) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(b"\n".join(orjson.dumps(line) for line in lines))


HEADER = {"frame": 0, "prev": "0" * 64, "records": 1}
LINE = {"seq": 1, "t_mono": 0.0, "t_wall": "x", "topic": "order", "key": "k", "v": 1, "cause": None, "val": 1}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not zstd at all", id="not zstd"),
        pytest.param(zstandard.ZstdCompressor().compress(b""), id="an empty frame"),
        pytest.param(zstandard.ZstdCompressor().compress(b"a,b,c\n1,2,3\n"), id="a table"),
        pytest.param(frame([1, 2]), id="no header"),
        pytest.param(frame({"frame": 0}), id="half a header"),
        pytest.param(frame(HEADER), id="a record too few"),
        pytest.param(frame(HEADER, LINE, LINE), id="a record too many"),
        pytest.param(frame(HEADER, {"seq": 1}), id="half a record"),
        pytest.param(frame(HEADER, LINE | {"topic": "invented later"}), id="an unknown topic"),
        pytest.param(frame(HEADER | {"prev": "1" * 64}, LINE), id="another predecessor"),
    ],
)
def test_a_file_that_is_no_episode_is_refused_by_name(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(EpisodeDamaged, match=path.name):
        read_episode(path)


def test_frames_in_another_order_break_the_chain(path: Path) -> None:
    write_episode(path, LONG)
    data = path.read_bytes()
    first, second, *_ = sorted(frame_ends(data) - {0})
    path.write_bytes(data[first:second] + data[:first] + data[second:])

    with pytest.raises(EpisodeDamaged, match="expected to follow"):
        read_episode(path)


def test_a_missing_frame_breaks_the_chain(path: Path) -> None:
    write_episode(path, LONG)
    data = path.read_bytes()
    first, second, *_ = sorted(frame_ends(data) - {0})
    path.write_bytes(data[:first] + data[second:])

    with pytest.raises(EpisodeDamaged, match="frame 1: expected to follow"):
        read_episode(path)


def test_a_file_that_is_not_there_is_an_error_of_the_system(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_episode(path)


def rechained(frames: Sequence[Sequence[Any]]) -> bytes:
    """Frames with a chain that holds, as somebody who knows the format would forge."""
    previous, out = "0" * 64, b""
    for number, lines in enumerate(frames):
        header = {"frame": number, "prev": previous, "records": len(lines)}
        text = b"\n".join(orjson.dumps(line) for line in (header, *lines)) + b"\n"
        previous = hashlib.sha256(text).hexdigest()
        out += zstandard.ZstdCompressor(write_checksum=True).compress(text)
    return out


def test_the_format_is_the_documented_one(path: Path) -> None:
    lines = [{**LINE, "seq": seq, "key": str(seq)} for seq in (1, 2, 3)]
    path.write_bytes(rechained([lines[:2], lines[2:], []]))

    episode = read_episode(path)

    assert episode.records == tuple(replace(record(seq, 1), t_wall="x") for seq in (1, 2, 3))
    assert not episode.cut

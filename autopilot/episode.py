"""Episodes: stretches of the journal as files that can be shared, committed and replayed.

Format ``.episode.jsonl.zst``: zstd frames one after another, each holding JSON lines. The first line of a frame is its header
``{"frame": n, "prev": sha256 of the previous frame's text, "records": k}``; the other lines are records. The last frame holds none: a file
without it was cut, and still reads up to the cut. A frame that was changed breaks the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
import zstandard

from autopilot.journal import Record, Topic

RECORDS_PER_FRAME = 256
SUFFIX = ".episode.jsonl.zst"
_FIRST_PREVIOUS = "0" * 64


class EpisodeDamaged(Exception):
    """The file's chain of frames is broken: it was changed after it was written. Do not believe it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch of journal.

    Attributes:
        records: In order of ``seq``.
        cut: Whether the file ended before its last frame; the records are those before the cut.
    """

    records: tuple[Record, ...]
    cut: bool


def write_episode(path: Path, records: Iterable[Record]) -> int:
    """Write records to ``path``, replacing it whole or not at all. Returns how many there were."""
    partial = path.with_name(path.name + ".partial")
    try:
        count = _write_frames(partial, records)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write_frames(path: Path, records: Iterable[Record]) -> int:
    compressor = zstandard.ZstdCompressor(level=10, write_checksum=True)
    previous, count = _FIRST_PREVIOUS, 0
    with path.open("wb") as file:
        for number, batch in enumerate(chain(_batches(records), [()])):
            header = {"frame": number, "prev": previous, "records": len(batch)}
            text = b"\n".join(orjson.dumps(line) for line in (header, *(asdict(record) for record in batch))) + b"\n"
            previous = hashlib.sha256(text).hexdigest()
            file.write(compressor.compress(text))
            count += len(batch)
    return count


def read_episode(path: Path) -> Episode:
    """Read an episode. Raises: OSError, EpisodeDamaged."""
    data, previous = path.read_bytes(), _FIRST_PREVIOUS
    records: list[Record] = []
    while data:
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        try:
            text = decompressor.decompress(data)
        except zstandard.ZstdError as error:
            raise EpisodeDamaged(f"{path}: frame {len(records) // RECORDS_PER_FRAME}: {error}") from error
        if not decompressor.eof:
            break
        try:
            batch = _frame(text, previous)
        except (ValueError, KeyError, TypeError) as error:
            raise EpisodeDamaged(f"{path}: frame {len(records) // RECORDS_PER_FRAME}: {error}") from error
        if not batch:
            if decompressor.unused_data:
                raise EpisodeDamaged(f"{path}: expected to end with its empty frame, goes on for {len(decompressor.unused_data)} bytes")
            return Episode(records=tuple(records), cut=False)
        records.extend(batch)
        previous, data = hashlib.sha256(text).hexdigest(), decompressor.unused_data
    return Episode(records=tuple(records), cut=True)


def _frame(text: bytes, previous: str) -> list[Record]:
    """The records of one frame. Raises: ValueError, KeyError, TypeError when it is no frame, or not the one that follows ``previous``."""
    header, *lines = [orjson.loads(line) for line in text.splitlines()]
    if header["prev"] != previous or header["records"] != len(lines):
        raise ValueError(
            f"expected to follow {previous[:12]}… with {header['records']} records, follows {header['prev'][:12]}… with {len(lines)}"
        )
    return [_record(line) for line in lines]


def _record(line: dict[str, Any]) -> Record:
    return Record(**{**line, "topic": Topic(line["topic"])})


def _batches(records: Iterable[Record]) -> Iterator[tuple[Record, ...]]:
    rest = iter(records)
    while batch := tuple(islice(rest, RECORDS_PER_FRAME)):
        yield batch

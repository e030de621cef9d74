"""Parts of blobs under several writers: one file, one end, and never a byte added to what is whole."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from server.core import parts
from server.core.blobs import ContentStore
from server.core.ids import uuid7
from server.core.parts import OffsetError, PartStore, Piece, Progress

DATA = os.urandom(40_000)
SHA = hashlib.sha256(DATA).hexdigest()


def _store(folder: Path) -> PartStore:
    return PartStore(folder / ".parts", ContentStore(folder))


def test_p33_two_who_send_the_same_part_at_once_do_not_spoil_it(tmp_path: Path) -> None:
    """A request that was given up may still be on its way when the next one comes."""
    store, sender = _store(tmp_path), uuid7()
    done: list[Progress] = []

    def send() -> None:
        while not store._whole.has(SHA):
            at = store.offset(sender, SHA)
            try:
                done.append(store.add(sender, SHA, Piece(at, len(DATA), DATA[at : at + 500]), 0))
            except (OffsetError, FileNotFoundError):
                continue

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ContentStore(tmp_path).open(SHA).read() == DATA
    assert [one.new for one in done if one.complete] == [True]


def test_p33_who_waited_for_a_part_that_became_a_blob_adds_nothing_to_the_blob(tmp_path: Path) -> None:
    store, sender = _store(tmp_path), uuid7()
    store.add(sender, SHA, Piece(0, len(DATA), DATA[:100]), 0)
    waiting, late = threading.Event(), []
    path = tmp_path / ".parts" / sender / SHA

    def second() -> None:
        waiting.set()
        try:
            late.append(store.add(sender, SHA, Piece(len(DATA), len(DATA) + 5, b"after"), 0))
        except OffsetError as error:
            late.append(error)

    thread = threading.Thread(target=second)
    with parts._held(path) as part:
        thread.start()
        waiting.wait()
        part.write(DATA[100:])
        part.flush()
        thread.join(0.2)
        assert thread.is_alive()
        store._whole.take(SHA, path)
    thread.join()
    assert ContentStore(tmp_path).open(SHA).read() == DATA
    assert [type(one) for one in late] == [OffsetError]

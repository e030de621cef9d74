"""The decoder that the app ships reads what is on labels, misreads nothing, and sees no code where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.scan.drawing import draw
from tests.scan.evaluation import evaluate, pictures
from tests.scan.reader import Reader, ready

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "barcodes"
# zxing-cpp's own defaults read so many of the whole public set: ours are no worse.
OTHERS_READ = 451 / 512
CODES = [
    ("Code128", "SF1428805599012"),
    ("Code39", "DS-20261121"),
    ("EAN13", "6901234567892"),
    ("ITF", "12345678901231"),
    ("Codabar", "A31117013206375B"),
    ("QRCode", "https://id.gs1.org/00/952012345678912345"),
    ("DataMatrix", "杭州 SF1428805599012"),
    ("PDF417", "SF1428805599012"),
]


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Reader]:
    with ready(browser) as made:
        yield made


def test_every_symbology_of_the_trade(reader: Reader) -> None:
    drawn = draw(*CODES, ("Aztec", "SF1428805599012"), ("ITF", "1234"))
    for (symbology, text), picture in zip(CODES, drawn, strict=False):
        hits = reader.read(picture.png()).hits
        assert [(hit.symbology.replace("EANUPC", "EAN13"), hit.text) for hit in hits] == [(symbology, text)]
    # What no label carries, and bars too few to be believed, are not read at all.
    assert [reader.read(picture.png()).hits for picture in drawn[len(CODES) :]] == [[], []]
    assert {address.split("/")[2] for address in reader.asked} == {reader.url.split("/")[2]}


def test_what_is_no_picture_is_said(reader: Reader) -> None:
    assert reader.read(b"no picture at all").trouble == "not a picture"
    assert reader.read(draw(CODES[0])[0].png()).hits, "and the next picture is read"


def test_the_sums(reader: Reader, tmp_path: Path) -> None:
    right, other = draw(CODES[0], ("Code128", "SF1428805599020"))
    for name, picture in (("right", right), ("misread", other), ("falsepositives-1/seen", right)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.png").write_bytes(picture.png())
    manifest = tmp_path / "table.csv"
    manifest.write_text(f"file,expected\nright.png,{CODES[0][1]}\nmisread.png,{CODES[0][1]}\ngone.png,x\n")
    lines = list(evaluate(reader, pictures(tmp_path, manifest)).lines())
    assert lines[-1] == "read=1 of=3 misread=1 false_reads=1"
    assert any(line.startswith("misread: misread.png as Code128 'SF1428805599020'") for line in lines)
    assert any(line.startswith("gone.png: cannot be opened") for line in lines)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"{PUBLIC} is not there: the public pictures were not read")
def test_public_pictures(reader: Reader) -> None:
    every = pictures(PUBLIC, PUBLIC / "manifest.csv")
    some = [picture for at, picture in enumerate(every) if picture.empty or at % 8 == 0]
    total = evaluate(reader, some).sum
    assert (total.misread, total.false_reads) == (0, 0)
    assert total.read / total.of >= OTHERS_READ, total

import bz2
import gzip
import hashlib
import lzma
import random
from functools import partial

import pytest
import zstandard

from chargen.corpus.decompression import BLOCK, read_blocks
from chargen.corpus.sources import Source
from chargen.errors import CorpusError, FormatError

COMPRESS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
    "Zstandard": zstandard.compress,
}
DATA = bytes(random.Random(0).choices(b"abcdefgh \n", k=3 * BLOCK + 17))


@pytest.fixture(params=COMPRESS)
def kind(request):
    return request.param


@pytest.fixture
def read(tmp_path):
    """Writes bytes to a file and reads its content."""

    def write_and_read(data, max_expansion=250, read=None):
        path = tmp_path / "file"
        path.write_bytes(data)
        return b"".join(read_blocks(Source(path), max_expansion=max_expansion, read=read))

    return write_and_read


@pytest.mark.parametrize("length", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, len(DATA)])
def test_a_plain_file_is_read_whole(read, length):
    assert read(DATA[:length]) == DATA[:length]


def test_a_compressed_file_is_unpacked_whatever_its_name(read, kind):
    assert read(COMPRESS[kind](DATA)) == DATA
    assert read(COMPRESS[kind](b"")) == b""


def test_streams_after_each_other_are_one_content(read, kind):
    assert read(COMPRESS[kind](b"abc") + COMPRESS[kind](b"") + COMPRESS[kind](b"def")) == b"abcdef"


def test_the_digest_is_of_the_file_itself(read, kind):
    digest, packed = hashlib.sha256(), COMPRESS[kind](DATA)
    read(packed, read=digest.update)
    assert digest.hexdigest() == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_compressed_file_that_ends_too_soon_is_named_with_its_length(read, kind, share):
    packed = COMPRESS[kind](DATA)
    packed = packed[: int(share * len(packed))]
    with pytest.raises(CorpusError, match=f"damaged {kind} file: it ends at byte {len(packed):,}"):
        read(packed)


def test_damage_is_named_with_its_place(read, kind):
    packed = bytearray(COMPRESS[kind](DATA))
    # Zstandard checks a frame only where it was asked to; so break what it cannot read over.
    place = len(packed) // 2
    packed[place : place + 2000] = bytes(2000)
    with pytest.raises(CorpusError, match=rf"file is a damaged {kind} file: .*bytes [\d,]+ and"):
        read(bytes(packed))


def test_rubbish_after_the_end_is_damage(read, kind):
    packed = COMPRESS[kind](b"abc")
    with pytest.raises(CorpusError, match=f"damaged {kind} file: .* between bytes 0 and 4,096"):
        read(packed + b"rubbish, and more of it")


def test_a_bomb_is_stopped_and_the_limit_can_be_raised(read, kind, monkeypatch):
    monkeypatch.setattr("chargen.corpus.decompression._ALWAYS_ALLOWED", 1_000_000)
    bomb = COMPRESS[kind](bytes(20_000_000))
    with pytest.raises(CorpusError, match=r"unpacks to more than 20 times .* raise --max-expans"):
        read(bomb, max_expansion=20)
    assert len(read(bomb, max_expansion=1e6)) == 20_000_000


def test_a_small_file_may_unpack_to_much_more(read, kind):
    assert len(read(COMPRESS[kind](bytes(5_000_000)), max_expansion=2)) == 5_000_000


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"Rar!\x1a\x07", bytes(257) + b"ustar"])
def test_an_archive_is_refused(read, kind, head):
    for data in (head + DATA[:1000], COMPRESS[kind](head + DATA[:1000])):
        with pytest.raises(FormatError, match="archive, not plain text; unpack it, and give the f"):
            read(data)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(DATA)
    blocks = read_blocks(Source(path), max_expansion=1)
    next(blocks)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(CorpusError, match="log changed while it was read"):
        list(blocks)


def test_a_file_that_is_gone_by_the_time_it_is_read_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"no file .*gone; it was there a moment ago"):
        list(read_blocks(Source(tmp_path / "gone", tmp_path), max_expansion=1))

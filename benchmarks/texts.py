"""Make texts of unlike kinds, for the scripts here that take a text.

    python benchmarks/texts.py FOLDER [--only python novel ...] [--host ADDRESS]

Each text becomes FOLDER/NAME.txt, in UTF-8. `python` is made from Python's standard library, so it
differs from one version of Python to another: compare losses only between runs on the same one.
The others are downloaded from GitHub at fixed commits. A download whose SHA-256 is not the one in
SOURCES below is refused. What could not be made is named in one line, and the exit code is then 1;
the other texts are written nevertheless.

--host is what stands before owner/name/commit/path: another address, or a folder as file:///...
"""

import argparse
import hashlib
import json
import re
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from chargen.errors import ChargenError
from chargen.storage.atomic import write_atomically

GITHUB = "https://raw.githubusercontent.com"
AUSTEN = "GITenberg/Pride-and-Prejudice_1342/81db45c9c48c592f0b77f01fc59e677ad0a5634e/1342.txt"
DICKENS = "GITenberg/Great-Expectations_1400/889db0e100928a957f469bf834c564d04065c8e6/1400.txt"
FLETCHER = "GITenberg/Japanese-Prints_27199/2a75e9d2a29f0d2fadca8a0c75094968b7d6169f/27199.txt"
POEMS = "chinese-poetry/chinese-poetry/99ebbef7e1345c0985c44b9fd96a3f9e776f117b/全唐诗/poet.tang."
MORRIS = (
    "jukedeck/nottingham-dataset/0992bb6cd864f6d4b90d6663e08c0ef53ffaa08f/ABC_original/morris.abc"
)
PLAY = "karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt"
NAMES = "karpathy/makemore/988aa59e4d8fefa526d06f3b453ad116258398d4/names.txt"

SOURCES = {  # the SHA-256 of what is downloaded
    AUSTEN: "441e778a4297bfc944dc254810e8ded3134cfb0e36d73eef6bb312b4ffd74d6a",
    DICKENS: "64cd8797f6439d21be03154b8e3e97c4fe8c0df6f032a98871a5554c0621c500",
    FLETCHER: "04e84083276c81968ba322ef2a6b655de55322a3789ae1eed706e8894d928e5c",
    f"{POEMS}10000.json": "b97d1c5509ab62f5b433dee2020c11c4deda4542e276683d1ada6619c34c2113",
    f"{POEMS}11000.json": "9adf1835246053c821d99af39ce9092e14a94e1baf91740098bd9fc6f6f1cd27",
    f"{POEMS}12000.json": "ec43d055a219d52ecdb58cd30a8a444189392f0d68b92a41495df1c72c5fd095",
    MORRIS: "89d408d5c1685bebd005a65903e51c48c84cc765be91c6f86771b93a60a2acb2",
    PLAY: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    NAMES: "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
}


def standard_library() -> str:
    """The first 1,000,000 characters of Python's own modules, in the order of their names."""
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"), key=lambda path: path.name)
    built = "_sysconfigdata"  # differs from one machine to another
    kept = [path for path in modules if not path.name.startswith(built)]
    return "".join(path.read_text(encoding="utf-8") for path in kept)[:1_000_000]


def book(begins: str) -> Callable[[str], str]:
    """Cut off what Project Gutenberg put before the first chapter and after the last."""

    def cut(text: str) -> str:
        return text[text.index(begins) : text.index("End of the Project Gutenberg")].strip() + "\n"

    return cut


def short_poems(text: str) -> str:
    """The poems of Fletcher's book, each a title and lines, then a blank line."""
    poems = re.findall(
        r"^_(?!Part )(.+)_\n+((?:    .+\n|\n)+)", book("_Lovers Embracing_")(text), re.M
    )
    lines = ([title, *map(str.strip, body.splitlines())] for title, body in poems)
    return "\n\n".join("\n".join(filter(None, poem)) for poem in lines) + "\n"


def chinese_poems(text: str) -> str:
    """The same for a file of poems in JSON."""
    poems = ("\n".join([poem["title"], *poem["paragraphs"]]) for poem in json.loads(text))
    return "\n\n".join(poems) + "\n"


def tunes(text: str) -> str:
    """The tunes, with one blank line between them and none within them."""
    return re.sub(r"\n{2,}(?=X:)", "\n\n", re.sub(r"\n{2,}(?!X:)", "\n", text)).strip() + "\n"


def as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Text:
    """What a text is, under which licence, where it comes from, and how it is made of that."""

    what: str
    licence: str
    sources: tuple[str, ...]
    make: Callable[[str], str] = as_it_is

    def read(self, host: str) -> str:
        if not self.sources:
            return standard_library()
        parts = (download(f"{host}/{quote(path)}", SOURCES[path]) for path in self.sources)
        return "\n".join(map(self.make, parts))


FREE = "public domain"
TEXTS = {
    "python": Text("Python's standard library", "PSF licence", ()),
    "novel": Text("Austen, Pride and Prejudice", FREE, (AUSTEN,), book("Chapter 1\n")),
    "novel2": Text("Dickens, Great Expectations", FREE, (DICKENS,), book("Chapter I\n")),
    "chinese": Text(
        "3,000 poems of the Tang",
        f"poems: {FREE}; collection: MIT",
        tuple(f"{POEMS}{first}.json" for first in (10000, 11000, 12000)),
        chinese_poems,
    ),
    "haiku": Text("Fletcher, Japanese Prints (1918)", FREE, (FLETCHER,), short_poems),
    "tunes": Text("Morris tunes in ABC", "tunes: traditional; files: GPL 3", (MORRIS,), tunes),
    "play": Text("tinyshakespeare", FREE, (PLAY,)),
    "play100": Text("its first 100,000 characters", FREE, (PLAY,), lambda text: text[:100_000]),
    "names": Text("32,032 first names", "public records; repository: MIT", (NAMES,)),
}


@cache
def download(address: str, sha256: str) -> str:
    """What is at the address, with newlines as line ends.

    Raises:
        ValueError: if it is not what it was, or cannot be had.
    """
    try:
        with urlopen(address, timeout=60) as answer:
            data: bytes = answer.read()
    except (OSError, HTTPException, ValueError) as error:
        raise ValueError(f"{address} could not be downloaded: {error}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"{address} has changed: its SHA-256 is {found}, not {sha256}")
    return data.decode("utf-8").replace("\r\n", "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=TEXTS, default=list(TEXTS), metavar="NAME")
    parser.add_argument("--host", default=GITHUB)
    args = parser.parse_args()
    failed = False
    print(f"{'':<8} {'characters':>10} {'bytes':>10} {'distinct':>8}  {'SHA-256 begins':<16}")
    for name in args.only:
        try:
            text = TEXTS[name].read(args.host.rstrip("/"))
            data = text.encode("utf-8")
            write_atomically(args.folder / f"{name}.txt", data)
        except (ValueError, ChargenError) as error:
            print(f"{name}.txt was not written: {error}", file=sys.stderr)
            failed = True
            continue
        sizes = f"{len(text):>10,} {len(data):>10,} {len(set(text)):>8,}"
        start = hashlib.sha256(data).hexdigest()[:14]
        print(f"{name:<8} {sizes}  {start:<16} {TEXTS[name].what} ({TEXTS[name].licence})")
    sys.exit(failed)


if __name__ == "__main__":
    main()

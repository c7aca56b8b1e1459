"""The examples of the pages: their blocks, and a folder of stand-ins in which they run.

A page names texts and runs that a reader has and we do not. `World` makes small ones from the
bundled play: those of `furnish` once, another `NAME.txt`, `NAME/` or `-m NAME` on demand.
"""

import gzip
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from click.testing import CliRunner

from chargen.cli import main

ROOT = Path(__file__).parents[1]
PLAY = (ROOT / "corpora" / "drowned-bell.txt").read_text("utf-8")
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("corpora", "checkpoints/bundled")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
]
# Programs whose lines are not run, and why.
NOT_RUN = {
    "make": "installs from the network, or runs the tests",
    "pip": "installs from the network",
    "source": "makes a program of the environment that the tests run in already",
    "ssh": "needs another machine",
    "sbatch": "needs a cluster",
}
# What examples need and CI does not install: these are run where it is there, and else left out.
OPTIONAL_PROGRAMS = ("jq",)
OPTIONAL_MODULES = ("torch", "optuna")
# So that a page takes seconds: what is changed before an example runs.
_SHORTER = [
    (re.compile(r"(?<=--minutes )\S+"), "0.02"),
    (re.compile(r"(?<=--epochs )\S+"), "1"),
    (re.compile(r"(?<=--length )\d{5,}"), "2000"),
    (re.compile(r"\bminutes=\d+"), "minutes=0.02, overwrite=True"),
    (re.compile(r"\bepochs=\d+"), "epochs=1, overwrite=True"),
    (re.compile(r"\bn_trials=\d+"), "n_trials=2"),
    (re.compile(r"(?<=, )name=(?=f?\"[^()]*\*\*)"), "overwrite=True, name="),
]
_BLOCK = re.compile(
    r"^(?:<!-- ([^\n]+) -->\n)?```(\w+)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
_ADDRESS = "127.0.0.1:8000"
_LIMIT = 120  # seconds, for a line that a shell runs
INTERRUPTED = 130  # the exit status after Ctrl-C


@dataclass(frozen=True)
class Block:
    """A fenced block; `mark` is a comment before it, `output` a `text` block after it.

    A mark says `exit 1`, for a command that is shown because it fails, or `not run: REASON`.
    """

    mark: str
    language: str
    body: str
    output: str

    @property
    def is_run(self):
        return not self.mark.startswith("not run: ")

    @property
    def status(self):
        """The exit status that its commands have."""
        return int(self.mark.removeprefix("exit ")) if self.mark.startswith("exit ") else 0

    @property
    def lines(self):
        """The commands of a shell, those that go over several lines joined."""
        return self.body.replace("\\\n", " ").splitlines()


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, *languages):
    """The fenced blocks of a page in some languages, in order."""
    found = (Block(*parts) for parts in _BLOCK.findall(page.read_text("utf-8")))
    return [block for block in found if block.language in languages]


def table_lines(page):
    """The commands in the README's table."""
    for row in re.findall(r"^\| (`chargen .*?) \| ", page.read_text("utf-8"), re.MULTILINE):
        for line in re.findall(r"`([^`]+)`", row):
            yield line if line.startswith("chargen ") else f"chargen {line}"


def shorter(example):
    """An example that trains and writes for a moment only, a tiny network, over what is there."""
    for long, short in _SHORTER:
        example = long.sub(short, example)
    if found := re.search(r"\bchargen train\b", example):
        given = [] if "--resume" in example else ["--overwrite"]
        given += [] if re.search("--(minutes|epochs) ", example) else ["--epochs 1"]
        given += [] if re.search("--(units|preset|from) ", example) else ["--units 8"]
        example = " ".join([example[: found.end()], *given]) + example[found.end() :]
    return re.sub(r"\bchargen export \w+", r"\g<0> --overwrite", example)


class World:
    """A folder with stand-ins for what the pages name, where examples run."""

    def __init__(self, folder):
        self.folder = folder
        self.server = None

    def furnish(self):
        """Write the texts, and train the runs, that must be of some kind."""
        for name in ("corpora", "checkpoints/bundled"):
            shutil.copytree(ROOT / name, self.folder / name)
        words = sorted(set(re.findall(r"\b[A-Z][a-z]{3,}\b", PLAY)))
        rows = [f"{author},{word} and {word}\n" for word in words for author in ("ann", "bob")]
        texts = {
            "corpus.txt": PLAY[:8000],
            "names.txt": "\n".join(words) + "\n",
            "prompt.txt": "Wick:\n",
            "key.txt": "a key of some length\n",
            "stories.txt": PLAY[:8000].replace("\n\n", "<end>"),
            "tweets.csv": "author,text\n" + "".join(rows),
            "more.csv": "author,text\n" + "".join(rows[:20]),
            "authors/austen/emma.txt": PLAY[:4000],
            "authors/homer/iliad.txt": PLAY[4000:8000],
            "austen.txt": PLAY[:4000],
            "homer.txt": PLAY[4000:8000],
            "letters/first.txt": PLAY[:4000],
        }
        for name, text in texts.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, "utf-8")
        old = PLAY[:4000].replace("The", "“The”—é").encode("cp1252")
        (self.folder / "memoir.txt").write_bytes(old)
        (self.folder / "letters" / "old").mkdir()
        (self.folder / "letters" / "old" / "second.txt").write_bytes(old)
        (self.folder / "log.gz").write_bytes(gzip.compress(old))
        for line in (
            "chargen train authors/ --label",
            r"chargen train names.txt --document-separator '\n'",
            "chargen train corpus.txt",  # the newest, which commands without -m take
        ):
            status, said = self.run(line)
            assert status == 0, said
        for copy in ("checkpoints/a", "checkpoints/b", "my-runs/novel"):
            shutil.copytree(self.folder / "checkpoints" / "corpus", self.folder / copy)

    def run(self, line):
        """Run a line of a shell; return its exit status and all that it says."""
        line = shorter(line)
        self._make_what_it_names(line)
        if re.match(r"chargen serve\b", line):
            return self._serve(line)
        if _ADDRESS in line:
            line = line.replace(_ADDRESS, self.address)
        plain = re.sub(r"'[^']*'|\"[^\"$`]*\"", "", line)
        if line.startswith("chargen ") and not re.search(r"[|<>&;$`*?~]", plain):
            return self._invoke(shlex.split(line, comments=True)[1:])
        command = ["bash", "-o", "pipefail", "-c", line]
        done = subprocess.run(
            command, **self._shell(), stdin=subprocess.DEVNULL, check=False, timeout=_LIMIT
        )
        return done.returncode, done.stdout

    def _invoke(self, arguments):
        typed = "All: \n:more\n" if arguments[0] == "chat" else ""
        result = CliRunner().invoke(main, arguments, input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def execute(self, block, names):
        """Run a block of Python with the names of those before it."""
        code = shorter(block.body)
        for name in re.findall(r"\"([\w/.-]+\.txt)\"", code):
            self._make_what_it_names(name)
        if _ADDRESS in code:
            code = code.replace(_ADDRESS, self.address)
        exec(compile(code, "example", "exec"), names)

    @property
    def address(self):
        """The host and port of a server that answers the examples of clients."""
        if self.server is None:
            self.server, started = self._start("chargen serve -m bundled")
            self._address = re.search(r"http://(\S+:\d+)", started)[1]
        return self._address

    def close(self):
        if self.server is not None:
            self._stop(self.server)

    def _serve(self, line):
        """Start a server at a free port, see that it answers, and stop it as Ctrl-C does."""
        process, started = self._start(line)
        if found := re.search(r"http://\S+:(\d+)", started):
            with urlopen(f"http://127.0.0.1:{found[1]}/health") as answer:
                assert answer.status == 200
        started += self._stop(process)
        return 0 if found and process.returncode == INTERRUPTED else process.returncode, started

    def _start(self, line):
        process = subprocess.Popen(["bash", "-c", f"exec {line} --port 0"], **self._shell())
        said = more = process.stdout.readline()
        while more and "http://" not in said:
            more = process.stdout.readline()
            said += more
        return process, said

    def _stop(self, process):
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=_LIMIT)
        return said

    def _shell(self):
        """What a shell needs: `chargen` on its path, and no browser that opens."""
        bin = self.folder / ".bin"
        if not bin.exists():
            bin.mkdir()
            program = bin / "chargen"
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chargen "$@"\n', "utf-8")
            program.chmod(0o755)
        path = os.pathsep.join([str(bin), os.environ.get("PATH", "")])
        changes = {"PATH": path, "PYTHONPATH": str(ROOT), "BROWSER": "true"}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return {"env": os.environ | changes, **streams}

    def _make_what_it_names(self, line):
        words = shlex.split(line.replace("<", " < ").replace(">", " > "), comments=True)
        for before, word in zip(["", *words], words, strict=False):
            path = self.folder / word
            if before in (">", "-o", "--output", "--html", "--name") or path.exists():
                continue
            ours = word.startswith(("corpora/", "checkpoints/", "benchmarks/", "docs/"))
            if re.fullmatch(r"[\w/.-]+\.txt", word) and not ours:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(PLAY[:6000], "utf-8")
            elif re.fullmatch(r"[\w-]+/", word) and not ours:
                for name in ("one", "two"):
                    (path / "more").mkdir(parents=True, exist_ok=True)
                    (path / "more" / f"{name}.txt").write_text(PLAY[:3000], "utf-8")
            elif before in ("-m", "--model", "--from", "resume") or words[1:2] == ["plot"]:
                run = self.folder / "checkpoints" / word
                if re.fullmatch(r"[\w-]+", word) and not run.exists():
                    shutil.copytree(self.folder / "checkpoints" / "corpus", run)

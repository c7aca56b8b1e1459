"""Build the site: stage the pages in build/docs, then run Zensical on them; a broken link fails.

    python docs/tools/build.py [FOLDER]

What is built goes to the folder, build/ unless given.

Pages of docs/ link to some files outside it. Those that are pages too are staged beside them; links
to anything else, such as a folder, are refused by the strict build.
"""

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Pages outside docs/, by the name that they have on the site.
OUTSIDE = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "corpora/README.md": "corpora.md",
    "checkpoints/bundled/README.md": "bundled.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/learning.md": "benchmarks-learning.md",
    "benchmarks/presets.md": "benchmarks-presets.md",
    "benchmarks/optimizer.md": "benchmarks-optimizer.md",
    "benchmarks/prediction.md": "benchmarks-prediction.md",
}
_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_CODE = re.compile(r"^(```.*?^```$)", re.MULTILINE | re.DOTALL)


def stage(folder: Path) -> None:
    """Copy every page, and every picture that one shows, to a folder; links follow."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("tools"))
    pages = {
        page: page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").glob("*.md")
    }
    pages |= {ROOT / path: name for path, name in OUTSIDE.items() if (ROOT / path).exists()}
    for page, name in pages.items():
        moved = partial(_moved, page=page, pages=pages, folder=folder)
        parts = _CODE.split(page.read_text("utf-8"))  # text, code, text, ...
        parts[::2] = [_LINK.sub(moved, part) for part in parts[::2]]
        (folder / name).write_text("".join(parts), "utf-8")


def _moved(link: re.Match[str], page: Path, pages: dict[Path, str], folder: Path) -> str:
    """Return a link with the place that its target has on the site."""
    if "://" in link[2]:
        return link[0]
    target = (page.parent / link[2]).resolve()
    path = link[2]
    if target in pages:
        path = pages[target]
    elif target.is_file():  # a picture, or a file such as LICENSE
        path = target.relative_to(ROOT).as_posix().removeprefix("docs/")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target, folder / path)
    return f"{link[1]}{path}{link[3] or ''}{link[4]}"


def configuration(folder: Path) -> str:
    """Return mkdocs.yml without the pages that do not exist (yet)."""
    lines = (ROOT / "mkdocs.yml").read_text("utf-8").splitlines(keepends=True)
    entry = re.compile(r"  - .+: (\S+\.md)\n")
    return "".join(
        line
        for line in lines
        if not (found := entry.fullmatch(line)) or (folder / found[1]).exists()
    )


def main(folder: Path) -> int:
    """Build the site in a folder, as `site`; return the exit status of Zensical."""
    stage(folder / "docs")
    # Its paths are relative to the configuration's folder.
    settings = configuration(folder / "docs").replace(": build/", ": ")
    (folder / "mkdocs.yml").write_text(settings, "utf-8")
    shutil.rmtree(folder / "site", ignore_errors=True)
    zensical = [sys.executable, "-m", "zensical"]
    return subprocess.run(
        [*zensical, "build", "--strict", "--clean", "-f", "mkdocs.yml"], cwd=folder, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build"))

"""The SQL that migrations run, by file name."""

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    return (FOLDER / name).read_text()

"""The SQL that migrations run, by file name."""

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    return (FOLDER / name).read_text()


def function(name: str, called: str) -> str:
    """Return one function of a script as a replacement of what stands now: how a migration goes back."""
    text = script(name)
    begins = text.index(f"CREATE FUNCTION {called}(")
    ends = text.index("END $$;", begins) + len("END $$;")
    return text[begins:ends].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def between(name: str, begins: str, ends: str) -> str:
    """Return a script from some words up to others: functions that one migration takes away and another brings back."""
    text = script(name)
    return text[text.index(begins) : text.index(ends)]

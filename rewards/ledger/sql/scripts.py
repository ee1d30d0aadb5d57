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

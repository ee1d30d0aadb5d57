"""`make fuzz SECONDS=60`: every dialect under bodies that grow towards code not seen yet, a share of the time each.

With atheris, libFuzzer watches which branches a body reaches. Where atheris has no wheel, random bodies of the same
grammar come instead, and it says so. Whatever breaks a promise is kept in var/fuzz and ends the run with 1.
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "var/fuzz"
WATCHED = ("marketplace.appliances.dialects", "marketplace.insights.normalise", "consent.parties.strict_json")
LONGEST = 8 * 1024


def main() -> int:
    choice = _asked()
    KEPT.mkdir(parents=True, exist_ok=True)
    if choice.dialect:
        return fuzz(choice.dialect, seconds=choice.seconds, seed=choice.seed)
    names = _dialects()
    share = max(1, choice.seconds // len(names))
    words = [f"--seconds={share}", f"--seed={choice.seed}"]
    broken = [name for name in names if subprocess.run([sys.executable, "-m", "tests.fuzz", *words, name]).returncode]
    print(f"\n{len(names)} dialects, {share} s each; broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


def fuzz(dialect: str, *, seconds: int, seed: int) -> int:
    """Fuzz one dialect until its time is over or a promise breaks. libFuzzer ends the process itself."""
    if importlib.util.find_spec("atheris") is None:
        return _at_random(dialect, seconds=seconds, seed=seed)
    import atheris

    # All of Maru once as it is, then only what is fuzzed again, with its branches counted.
    _set_up()
    for name in [name for name in sys.modules if name.startswith(WATCHED)]:
        del sys.modules[name]
    with atheris.instrument_imports():
        importlib.import_module("marketplace.insights.normalise")
        importlib.import_module("marketplace.appliances.dialects")
    from tests.fuzz.grammar import bodies
    from tests.fuzz.promises import keep

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        if provider.ConsumeBool():
            keep(dialect, bodies(dialect, lambda below: provider.ConsumeIntInRange(0, below - 1)))
        else:
            keep(dialect, provider.ConsumeBytes(LONGEST))

    bounds = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-seed={seed or 1}", "-timeout=20"]
    quiet = ["-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={KEPT}/{dialect}-"]
    print(f"\n{dialect}, led by coverage", flush=True)
    atheris.Setup([sys.argv[0], *bounds, *quiet], one)
    atheris.Fuzz()
    return 0


def _at_random(dialect: str, *, seconds: int, seed: int) -> int:
    _set_up()
    from tests.fuzz.grammar import bodies
    from tests.fuzz.promises import keep

    random, end, count = Random(f"{dialect} {seed}"), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        body, count = bodies(dialect, random.randrange), count + 1
        try:
            keep(dialect, body)
        except Exception:
            traceback.print_exc()
            (KEPT / f"{dialect}-{count}.json").write_bytes(body)
            return 1
    print(f"{dialect}, at random (no atheris here): {count} bodies")
    return 0


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("MARU_DEMO", "1")
    import django

    django.setup()
    from marketplace.insights import normalise  # noqa: F401


def _dialects() -> list[str]:
    _set_up()
    from marketplace.appliances.dialects import DIALECTS

    return list(DIALECTS)


def _asked() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("dialect", nargs="?", help="one of them only")
    parser.add_argument("--seconds", type=int, default=60, help="in all, or for the one (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

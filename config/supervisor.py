"""Runs Maru's programs on one machine and leaves nothing behind.

python -m config.supervisor run -- COMMAND…    the services, and COMMAND with DATABASE_URL and REDIS_URL set
python -m config.supervisor demo               a whole Maru, open until Ctrl-C
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from config.embedded.demo import FIRST_PORT, ROOT, show_demo
from config.embedded.errors import StopAsked, SupervisorError
from config.embedded.house import House, open_house
from config.embedded.programs import Program


def main(words: Sequence[str]) -> int:
    """Do what the command line says and return the exit code; a failure is told in one line."""
    choice = _parser().parse_args(words)
    try:
        options = {"fast": choice.fast, "tcp": choice.tcp, "with_parent": choice.with_parent}
        with open_house(choice.var, **options) as house:
            return int(choice.act(house, choice))
    except StopAsked as stop:
        return stop.exit_code
    except SupervisorError as exc:
        print(f"maru: {exc}", file=sys.stderr, flush=True)
        return 1


def run_command(house: House, choice: argparse.Namespace) -> int:
    """Run the given command on the terminal and return its exit code."""
    # Without a key of an installation this is a trial, as the demo is; otherwise settings would refuse to start.
    trial = {} if house.environment.get("MARU_SECRET_KEY") else {"MARU_DEMO": "1"}
    return house.crew.run(Program(choice.command[0], choice.command, trial | house.environment))


def run_demo(house: House, choice: argparse.Namespace) -> int:
    """Show the demo until somebody stops it."""
    try:
        show_demo(house, first_port=choice.port)
    finally:
        print("\n  … stopping", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    default = Path(os.environ.get("MARU_VAR") or ROOT / "var")
    shared.add_argument("--var", type=Path, default=default, help="folder for data, logs and keys (%(default)s)")
    shared.add_argument("--fast", action="store_true", help="a new database that is not safe against a power cut")
    shared.add_argument("--tcp", action="store_true", help="reach the services over TCP, with passwords")
    shared.add_argument("--with-parent", action="store_true", help="stop when the parent process ends")
    parser = argparse.ArgumentParser(prog="python -m config.supervisor", description="Run Maru on this machine.")
    acts = parser.add_subparsers(required=True)
    run = acts.add_parser("run", parents=[shared], help="run one command beside the services")
    run.add_argument("command", nargs="+", help="after --, the command and its words")
    run.set_defaults(act=run_command)
    demo = acts.add_parser("demo", parents=[shared], help="a whole Maru, open until Ctrl-C")
    demo.add_argument("--port", type=int, default=FIRST_PORT, help="the first port to try (%(default)s)")
    demo.set_defaults(act=run_demo)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

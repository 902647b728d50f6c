#!/usr/bin/env python3
"""Compares flexget-rs with FlexGet: the same configs, the same simulated Trakt, in turn.

    cargo build --release -p flexget-rs -p trakt-sim
    python3 tests/compare/compare.py [--runs 5] [--jobs NAME ...] [--markdown]

FlexGet 3.22.7 is installed from PyPI into a scratch environment (kept for the next time), so a
Python 3.10 or newer with `venv` is needed. Each run has a folder and a simulator of its own. Wall
and CPU time and peak memory are those of the whole process, as the system counts them; requests
are those that the simulator's API host has seen.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLEXGET = "flexget==3.22.7"
CLIENT = {"FLEXGET_TRAKT_CLIENT_ID": "sim-client-id", "FLEXGET_TRAKT_CLIENT_SECRET": "sim-client-secret"}

BIG = "trakt_list: { account: ann, list: Big List, type: movies }"
JOBS = {
    "one task, nothing remote": """
tasks:
  one:
    mock: [ { title: A, url: 'http://x/a' }, { title: B, url: 'http://x/b' } ]
    accept_all: yes
""",
    "100 tasks, nothing remote": "tasks:\n"
    + "".join(
        f"  task {n}:\n    mock: [ {{ title: Title {n}, url: 'http://x/{n}' }} ]\n    accept_all: yes\n"
        for n in range(100)
    ),
    "read a list of 1,000 movies": f"""
tasks:
  one:
    {BIG}
    accept_all: yes
""",
    "watched state of 1,000 movies": f"""
tasks:
  one:
    {BIG}
    trakt_lookup: {{ account: ann }}
    if:
      - trakt_watched: reject
    accept_all: yes
""",
    "look up 50 movies that Trakt lacks": "tasks:\n  one:\n    trakt_lookup: yes\n    accept_all: yes\n    if:\n      - trakt_movie_id: accept\n    mock:\n"
    + "".join(f"      - {{ title: Movie {n}, url: 'http://x/{n}', imdb_id: tt{7000000 + n} }}\n" for n in range(50)),
    "add 200 movies to a watchlist": f"""
tasks:
  one:
    {BIG}
    if:
      - trakt_movie_id % 5 == 0: accept
    list_add:
      - trakt_list: {{ account: ann, list: watchlist, type: movies }}
""",
}


class Simulator:
    """A simulator of its own for one run."""

    def __init__(self, folder):
        self.log = folder / "requests.log"
        self.process = subprocess.Popen(
            [ROOT / "target/release/trakt-sim", "--seed", "large", "--auto-approve", "ann-kay", "--old-search",
             "--log", self.log],
            stdout=subprocess.PIPE, text=True)
        self.environment = dict(self.process.stdout.readline().strip().split("=", 1) for _ in range(2))

    def requests(self):
        time.sleep(0.1)  # The log is written a few times a second.
        return len(self.log.read_text().splitlines())

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def flexget():
    folder = Path(tempfile.gettempdir()) / "flexget-rs-compare"
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", FLEXGET], check=True)
    return [python, HERE / "flexget_on_simulator.py"]


def measure(command, folder, environment):
    """Runs a command and gives wall and CPU seconds and the peak memory in MB."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run(program, config):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yml").write_text(config)
        simulator = Simulator(folder)
        try:
            environment = {**os.environ, **CLIENT, **simulator.environment, "HOME": name,
                           "XDG_CONFIG_HOME": str(folder / "xdg")}
            command = [*program, "-c", folder / "config.yml"]
            if "account" in config:
                subprocess.run([*command, "trakt", "auth", "ann"], cwd=folder, env=environment, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            before = simulator.requests()
            if "account" in config and "POST /oauth/device/token 200" not in simulator.log.read_text():
                raise SystemExit(f"{command[0]} could not authorize an account at the simulator")
            figures = measure([*command, "execute"], folder, environment)
            return *figures, simulator.requests() - before
        finally:
            simulator.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each program, in turn (default: 5)")
    parser.add_argument("--jobs", nargs="*", default=list(JOBS), choices=list(JOBS), metavar="NAME")
    parser.add_argument("--markdown", action="store_true", help="print a table for a README")
    arguments = parser.parse_args()
    programs = {"flexget-rs": [ROOT / "target/release/flexget-rs"], "FlexGet": flexget()}
    names = ["wall s", "CPU s", "memory MB", "requests"]
    if arguments.markdown:
        print("| job | figure | flexget-rs | FlexGet 3.22.7 | ratio |\n|---|---|---|---|---|")
    for job in arguments.jobs:
        figures = {name: [] for name in programs}
        for _ in range(arguments.runs):
            for name, program in programs.items():
                figures[name].append(run(program, JOBS[job]))
        for nth, figure in enumerate(names):
            ours, theirs = ([one[nth] for one in figures[name]] for name in programs)
            said = [f"{statistics.median(all_):.3g} ({min(all_):.3g} to {max(all_):.3g})" for all_ in (ours, theirs)]
            ratio = statistics.median(theirs) / statistics.median(ours) if statistics.median(ours) else None
            times = f"{ratio:.1f}" if ratio else "–"
            if arguments.markdown:
                print(f"| {job} | {figure} | {said[0]} | {said[1]} | {times} |", flush=True)
            else:
                print(f"{job:34} {figure:10} {said[0]:32} {said[1]:32} {times:>8}", flush=True)


if __name__ == "__main__":
    main()

"""The PyTorch side of `face2exp bench`: the same work as the studio's side, timed in turn with it.

It is told and answers one JSON document a line on standard input and output, as src/main/bench/protocol.ts has it: first its
workload, then how often to run it, until the input ends. Needs Python 3.9 or newer, torch, NumPy, and for the image pipeline Pillow;
torchvision is used where it is installed.
"""

import importlib
import json
import os
import platform
import sys
import time
import traceback


def claim_standard_output():
    """Keeps standard output for answers: whatever else is printed, by libraries too, goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def prepare(workload):
    """The workload made ready, by the module of its kind: an object with `run`, `versions`, `parameters` and `note`."""
    prepared = importlib.import_module(workload["kind"].replace("-", "_")).prepare(workload)
    return prepared, {
        "kind": "ready",
        "versions": {"Python": platform.python_version(), **prepared.versions},
        "parameters": prepared.parameters,
        "note": prepared.note,
    }


def run(prepared, repetitions):
    begun = time.perf_counter()
    prepared.run(repetitions)
    return {"kind": "ran", "milliseconds": (time.perf_counter() - begun) * 1000}


def failure(error):
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        return {"kind": "missing", "module": error.name}
    traceback.print_exception(type(error), error, error.__traceback__)
    message = f"The peer's {type(error).__name__}: {error}"
    return {"kind": "failed", "error": {"code": "unavailable", "message": message}}


def main():
    answers = claim_standard_output()
    prepared = None
    for line in sys.stdin:
        message = json.loads(line)
        try:
            if message["kind"] == "prepare":
                prepared, answer = prepare(message["workload"])
            else:
                answer = run(prepared, message["repetitions"])
        except Exception as error:  # Whatever it is, the studio's side tells it to the person.
            answer = failure(error)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()

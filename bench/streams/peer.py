"""The Python side of bench:streams: lets River predict and learn for run.ts.

One JSON object a line on stdin, one on stdout. Tables are files of raw float64. Learners and detectors are written as
River's users write them. Times are CPU microseconds of this process.
"""

import array
import json
import math
import sys
import time

import river
from river import drift, ensemble, forest, linear_model, naive_bayes, neighbors, optim, preprocessing, tree

modules = (drift, ensemble, forest, linear_model, naive_bayes, neighbors, optim, preprocessing, tree)
names = {name: value for module in modules for name, value in vars(module).items() if not name.startswith("_")}
tables = {}


def hello(_):
    return {"version": river.__version__, "runtime": "Python " + sys.version.split()[0], "weighs": False}


def doubles(file):
    with open(file, "rb") as source:
        return array.array("d", source.read())


def load(ask):
    x, y, features = doubles(ask["x"]), doubles(ask["y"]), ask["features"]
    keys = [f"x{f}" for f in range(features)]
    rows = [dict(zip(keys, x[i * features : (i + 1) * features])) for i in range(ask["rows"])]
    tables[ask["name"]] = (rows, [bool(each) for each in y])
    return {"rows": len(rows)}


def create(text, seed):
    return eval(text.replace("SEED", str(seed)), names)


def run(ask):
    """Predicts and learns row by row until the rows or the CPU time of "budget" (seconds) run out."""
    rows, labels = tables[ask["table"]]
    model = create(ask["learner"], ask.get("seed", 1))
    chunk, budget = ask.get("chunk", 500), ask.get("budget", 1e9)
    chunks, row, right, loss = [], 0, 0, 0.0
    started = time.process_time()
    while row < len(rows) and time.process_time() - started < budget:
        end = min(row + chunk, len(rows))
        first, before = row, time.process_time()
        while row < end:
            x, y = rows[row], labels[row]
            votes = model.predict_proba_one(x)
            model.learn_one(x, y)
            p = probability(votes)
            right += (p >= 0.5) == y
            loss -= math.log(max(1e-15, p if y else 1 - p))
            row += 1
        chunks.append(1e6 * (time.process_time() - before) / (end - first))
    return {"chunks": chunks, "rows": row, "accuracy": right / row, "logLoss": loss / row, "bytes": -1}


def probability(votes):
    """The probability of a 1; a half where there is none."""
    total = sum(votes.values()) if votes else 0
    return votes.get(True, 0) / total if 0 < total < math.inf else 0.5


def detect(ask):
    """Microseconds an update of a detector, by chunks, until the values or the "budget" run out."""
    values, chunk, budget = doubles(ask["x"]), ask.get("chunk", 1000), ask.get("budget", 1e9)
    detector, chunks, drifts = create(ask["detector"], 1), [], 0
    started = time.process_time()
    for start in range(0, len(values), chunk):
        if time.process_time() - started > budget:
            break
        part = values[start : start + chunk]
        before = time.process_time()
        for value in part:
            detector.update(value)
            drifts += detector.drift_detected
        chunks.append(1e6 * (time.process_time() - before) / len(part))
    return {"chunks": chunks, "drifts": drifts}


commands = {each.__name__: each for each in (hello, load, run, detect)}
for line in sys.stdin:
    asked = json.loads(line)
    began = time.process_time()
    try:
        answer = commands[asked["do"]](asked)
        answer["cpu"] = 1e3 * (time.process_time() - began)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)

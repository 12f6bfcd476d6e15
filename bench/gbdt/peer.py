"""The other side of bench:gbdt: trains, predicts and explains with LightGBM and XGBoost for run.ts.

One JSON object a line on stdin, one on stdout. All arrays are files of raw float64. Times are wall milliseconds, "cpu"
is the CPU time of this process in the same span.
"""

import json
import os
import sys
import time

import numpy as np

try:
    import lightgbm
except ImportError:
    lightgbm = None
try:
    import xgboost
except ImportError:
    xgboost = None

tables = {}
models = {}


def hello(_):
    return {
        "python": sys.version.split()[0],
        "lightgbm": None if lightgbm is None else lightgbm.__version__,
        "xgboost": None if xgboost is None else xgboost.__version__,
        "library": None if lightgbm is None else shared_library(),
    }


def shared_library():
    folder = os.path.join(os.path.dirname(lightgbm.__file__), "lib")
    found = [name for name in os.listdir(folder) if name.startswith("lib_lightgbm")] if os.path.isdir(folder) else []
    return os.path.join(folder, found[0]) if found else None


def load(ask):
    x = np.fromfile(ask["x"]).reshape(ask["rows"], ask["features"])
    tables[ask["name"]] = (x, np.fromfile(ask["y"]))
    return {}


def drop(ask):
    tables.pop(ask.get("table"), None)
    models.pop(ask.get("model"), None)
    return {}


def fit(ask):
    x, y = tables[ask["table"]]
    weights = np.array(ask["weights"]) if "weights" in ask else None
    fitted = {"lightgbm": fit_lightgbm, "xgboost": fit_xgboost}[ask["library"]]
    model, binning, training = fitted(x, y, weights, ask)
    if "keep" in ask:
        models[ask["keep"]] = model
    return {"bin": binning, "train": training, "total": binning + training}


def fit_lightgbm(x, y, weights, ask):
    params = {**ask["params"], "num_threads": ask["threads"], "verbose": -1}
    start = time.perf_counter()
    data = lightgbm.Dataset(x, y, weight=weights, params=params, categorical_feature=ask.get("categorical", []))
    data.construct()
    binned = time.perf_counter()
    model = lightgbm.train(params, data, ask["trees"])
    end = time.perf_counter()
    return model, 1e3 * (binned - start), 1e3 * (end - binned)


def fit_xgboost(x, y, weights, ask):
    params = {**ask["params"], "nthread": ask["threads"], "verbosity": 0}
    start = time.perf_counter()
    data = xgboost.QuantileDMatrix(x, y, weight=weights, max_bin=params["max_bin"], nthread=ask["threads"])
    binned = time.perf_counter()
    model = xgboost.train(params, data, ask["trees"])
    end = time.perf_counter()
    return model, 1e3 * (binned - start), 1e3 * (end - binned)


def predict(ask):
    """Writes predictions, margins ("raw") or SHAP values ("contrib") to a file where asked to, and times it."""
    x = tables[ask["table"]][0][: ask.get("rows")]
    model = models[ask["model"]]
    what = ask.get("what", "prediction")
    start = time.perf_counter()
    if lightgbm is not None and isinstance(model, lightgbm.Booster):
        found = model.predict(
            x, raw_score=what == "raw", pred_contrib=what == "contrib", num_threads=ask.get("threads", 1)
        )
    else:
        model.set_param({"nthread": ask.get("threads", 1)})
        data = xgboost.DMatrix(x, nthread=ask.get("threads", 1))
        found = model.predict(data, output_margin=what == "raw", pred_contribs=what == "contrib")
    taken = 1e3 * (time.perf_counter() - start)
    if "out" in ask:
        np.ascontiguousarray(found, dtype=np.float64).tofile(ask["out"])
    return {"total": taken}


def save(ask):
    models[ask["model"]].save_model(ask["file"])
    return {}


def memory(ask):
    """Peak of memory while training, above what was held before; for a process that has not trained yet."""
    before = resident()
    fit(ask)
    return {"bytes": peak() - before}


def peak():
    # what getrusage says begins with the peak of the parent process on Linux
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


commands = {each.__name__: each for each in (hello, load, drop, fit, predict, save, memory)}
for line in sys.stdin:
    asked = json.loads(line)
    began = time.process_time()
    try:
        answer = commands[asked["do"]](asked)
        answer["cpu"] = 1e3 * (time.process_time() - began)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)

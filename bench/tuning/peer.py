"""The other side of bench:tuning: Optuna's samplers, and the loss of LightGBM, for the scripts beside it.

One JSON object a line on stdin, one on stdout. Times are wall milliseconds.
"""

import json
import math
import statistics
import sys
import time

import numpy as np

try:
    import lightgbm
except ImportError:
    lightgbm = None
try:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
except ImportError:
    optuna = None

ROWS = 10_000
TRAIN = 7000
FEATURES = 20

tables = {}
surrogates = {}


def hello(_):
    return {
        "lightgbm": None if lightgbm is None else lightgbm.__version__,
        "optuna": None if optuna is None else optuna.__version__,
    }


def draw_table(seed):
    """Ten thousand rows of twenty features, of which some have a part in the label: weak signal, as in trading."""
    chance = np.random.RandomState(seed)
    x = chance.normal(size=(ROWS, FEATURES))
    signal = chosen_signal(x) if seed == 6 else drawn_signal(x, chance)
    y = (chance.uniform(size=ROWS) < 1 / (1 + np.exp(signal.mean() - signal))).astype(float)
    return x, y


def chosen_signal(x):
    """The one that the surrogate was made from."""
    return (
        0.35 * x[:, 0]
        + 0.35 * x[:, 1] * x[:, 2]
        + 0.4 * np.sin(2 * x[:, 3])
        + 0.4 * (x[:, 4] > 0) * x[:, 5]
        - 0.25 * np.abs(x[:, 6])
        + 0.2 * x[:, 7] * (x[:, 8] > 0.5)
    )


def drawn_signal(x, chance):
    """Twelve parts of kinds, features and sizes that the seed says."""
    signal = np.zeros(len(x))
    for _ in range(12):
        a, b = x[:, chance.randint(FEATURES)], x[:, chance.randint(FEATURES)]
        parts = (a, a * b, np.sin(2 * a), (a > chance.normal()) * b, np.abs(a))
        signal += 0.3 * chance.normal() * parts[chance.randint(len(parts))]
    return signal


def boosting_loss(params, seed=6):
    """Log loss on the last 3000 rows of a booster trained on the first 7000, on one thread and with one seed."""
    if seed not in tables:
        tables[seed] = draw_table(seed)
    x, y = tables[seed]
    data = lightgbm.Dataset(x[:TRAIN], y[:TRAIN], params={"max_bin": params["bins"], "verbosity": -1})
    booster = lightgbm.train(
        {
            "objective": "binary",
            "verbosity": -1,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "seed": 6,
            "learning_rate": params["learningRate"],
            "num_leaves": params["leaves"],
            "min_data_in_leaf": params["minData"],
            "lambda_l2": params["l2"],
            "feature_fraction": params["featureFraction"],
            "bagging_fraction": params["baggingFraction"],
            "bagging_freq": 1,
            "max_bin": params["bins"],
        },
        data,
        params["trees"],
    )
    p = np.clip(booster.predict(x[TRAIN:], num_threads=1), 1e-15, 1 - 1e-15)
    t = y[TRAIN:]
    return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))


def unit_of(space, params):
    """Where parameters lie, 0 to 1 each in the order of the space; a choice by the place among its values."""
    at = []
    for name, p in space.items():
        value = params[name]
        if p["kind"] == "choice":
            at.append(p["values"].index(value) / (len(p["values"]) - 1))
        elif p["log"]:
            at.append((math.log(value) - math.log(p["low"])) / (math.log(p["high"]) - math.log(p["low"])))
        else:
            at.append((value - p["low"]) / (p["high"] - p["low"]))
    return np.array(at)


def draw_params(space, seed, row):
    """Uniform parameters that depend on the seed and the row alone."""
    chance = np.random.RandomState([seed, row])
    params = {}
    for name, p in space.items():
        u = chance.uniform()
        if p["kind"] == "choice":
            params[name] = p["values"][int(u * len(p["values"]))]
            continue
        low, high = (math.log(p["low"]), math.log(p["high"])) if p["log"] else (p["low"], p["high"])
        value = low + u * (high - low)
        value = math.exp(value) if p["log"] else value
        params[name] = int(round(value)) if p["kind"] == "int" else value
    return params


def tabulate(ask):
    """Losses of LightGBM at drawn parameters."""
    found = []
    for row in ask["rows"]:
        params = draw_params(ask["space"], ask["seed"], row)
        found.append({"row": row, "params": params, "loss": boosting_loss(params)})
    return {"found": found}


def evaluate(ask):
    return {"loss": boosting_loss(ask["params"], ask["data"])}


def distribution_of(p):
    if p["kind"] == "choice":
        return optuna.distributions.CategoricalDistribution(p["values"])
    kind = optuna.distributions.IntDistribution if p["kind"] == "int" else optuna.distributions.FloatDistribution
    return kind(p["low"], p["high"], log=p["log"])


def sampler_of(ask):
    if ask["sampler"] == "random":
        return optuna.samplers.RandomSampler(seed=ask["seed"])
    return optuna.samplers.TPESampler(seed=ask["seed"])


def search(ask):
    """A study of Optuna's, one trial after the other."""
    space = {name: distribution_of(p) for name, p in ask["space"].items()}
    objective = objective_of(ask)
    study = optuna.create_study(sampler=sampler_of(ask))
    for _ in range(ask["trials"]):
        trial = study.ask(space)
        study.tell(trial, objective(trial.params))
    return {"values": [trial.value for trial in study.trials]}


def objective_of(ask):
    if ask["objective"] == "lightgbm":
        return lambda params: boosting_loss(params, ask["data"])
    surrogate = surrogates[ask["objective"]]
    return lambda params: surrogate_loss(surrogate, unit_of(ask["space"], params))


def fit_surrogate(ask):
    """A Gaussian process through logs of tabulated losses, on `centres` of them; its numbers are rounded, then final."""
    from scipy.linalg import cho_factor, cho_solve
    from scipy.optimize import minimize

    space, rows = ask["space"], ask["rows"]
    floor = ask["floor"]
    x = np.array([unit_of(space, row["params"]) for row in rows])
    y = np.log(np.array([row["loss"] for row in rows]) - floor)
    mean = y.mean()
    some = slice(0, 600)

    def kernel(a, b, scales):
        difference = (a[:, None, :] - b[None, :, :]) / scales
        return np.exp(-0.5 * (difference**2).sum(axis=-1))

    def deviance(theta):
        scales, amplitude, noise = np.exp(theta[:-2]), np.exp(theta[-2]), np.exp(theta[-1])
        k = amplitude * kernel(x[some], x[some], scales) + noise * np.eye(600)
        try:
            factor = cho_factor(k, lower=True)
        except np.linalg.LinAlgError:
            return 1e10
        z = y[some] - mean
        return 0.5 * z @ cho_solve(factor, z) + np.log(np.diag(factor[0])).sum()

    start = np.r_[np.zeros(x.shape[1]), np.log(y.var()), np.log(0.05 * y.var())]
    best = minimize(deviance, start, method="L-BFGS-B", bounds=[(-3, 4)] * x.shape[1] + [(-9, 6), (-14, 1)])
    scales = np.round(np.exp(best.x[:-2]), 4)
    ratio = np.exp(best.x[-1] - best.x[-2])
    centres = np.round(x[: ask["centres"]], 4)
    phi = kernel(x, centres, scales)
    gram = kernel(centres, centres, scales) + 1e-8 * np.eye(len(centres))
    weights = np.linalg.solve(phi.T @ phi + ratio * gram, phi.T @ (y - mean))
    weights = np.array([float(f"{w:.9g}") for w in weights])
    found = {
        "floor": floor,
        "mean": round(float(mean), 9),
        "scales": scales.tolist(),
        "centres": centres.ravel().tolist(),
        "weights": weights.tolist(),
    }
    held = ask["held"]
    truth = np.array([row["loss"] for row in held])
    said = np.array([surrogate_loss(found, unit_of(space, row["params"])) for row in held])
    ranks = [np.argsort(np.argsort(v)) for v in (truth, said)]
    good = truth <= np.quantile(truth, 0.25)
    return {
        "surrogate": found,
        "correlation": float(np.corrcoef(*ranks)[0, 1]),
        "best": float(np.abs(truth - said)[good].mean()),
        "spread": float(truth[good].std()),
    }


def surrogate_loss(surrogate, at):
    if "array" not in surrogate:
        dims = len(surrogate["scales"])
        surrogate = {**surrogate, "array": np.array(surrogate["centres"]).reshape(-1, dims)}
    apart = (at - surrogate["array"]) / np.array(surrogate["scales"])
    sum_ = np.exp(-0.5 * (apart**2).sum(axis=1)) @ np.array(surrogate["weights"])
    return float(surrogate["floor"] + math.exp(surrogate["mean"] + sum_))


def take_surrogate(ask):
    dims = len(ask["surrogate"]["scales"])
    array = np.array(ask["surrogate"]["centres"]).reshape(-1, dims)
    surrogates[ask["name"]] = {**ask["surrogate"], "array": array}
    return {}


def suggest(ask):
    """Milliseconds of an ask with its suggestions, after so many trials, the median of `times`."""
    space = {name: distribution_of(p) for name, p in ask["space"].items()}
    study = optuna.create_study(sampler=sampler_of(ask))
    for row in range(ask["after"]):
        params = draw_params(ask["space"], 1, row)
        value = float(sum(unit_of(ask["space"], params)))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=value))
    taken = []
    for _ in range(ask["times"]):
        start = time.perf_counter()
        trial = study.ask(space)
        taken.append(1e3 * (time.perf_counter() - start))
        # a failed trial leaves the study as large as it was
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return {"median": statistics.median(taken)}


commands = {
    each.__name__: each
    for each in (hello, tabulate, evaluate, search, fit_surrogate, take_surrogate, suggest)
}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = commands[asked["do"]](asked)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)

"""Measures LightGBM on the tables of the comparison and prints test/golden/gradient-boosting.json.

    pip install lightgbm scikit-learn
    npx tsx test/learners/gradient-boosting/export-data.ts | \
        python test/learners/gradient-boosting/lightgbm-reference.py > test/golden/gradient-boosting.json
    npm run format
"""

import json
import sys

import lightgbm
import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

given = json.load(sys.stdin)
p = given["parameters"]
common = {
    "learning_rate": p["learningRate"],
    "num_leaves": p["maxLeaves"],
    "min_data_in_leaf": p["minSamplesLeaf"],
    "min_sum_hessian_in_leaf": p["minHessianLeaf"],
    "lambda_l2": p["l2"],
    "max_bin": p["bins"],
    "num_threads": 1,
    "deterministic": True,
    "verbose": -1,
}
sampling = {
    "bagging_freq": 1,
    "bagging_fraction": given["sampling"]["rowFraction"],
    "feature_fraction": given["sampling"]["columnFraction"],
}


def scores_of(one, params):
    (x, y), (x_test, y_test) = (
        (np.array(part["rows"], dtype=float), np.array(part["y"])) for part in (one["train"], one["test"])
    )
    params = {**params, "objective": one["task"]}
    model = lightgbm.train(params, lightgbm.Dataset(x, y, params=params), p["trees"])
    predicted = model.predict(x_test)
    if one["task"] == "binary":
        scores = {"logLoss": log_loss(y_test, predicted), "auc": roc_auc_score(y_test, predicted)}
    else:
        scores = {"rmse": float(np.sqrt(np.mean((predicted - y_test) ** 2)))}
    return {key: round(float(value), 6) for key, value in scores.items()}


def table_of(part):
    return np.array(part["rows"], dtype=float), np.array(part["y"])


def losses(score, params, y, predicted):
    """Mean loss of predictions, as meanScore in parity-cases.ts."""
    if score == "logLoss":
        return log_loss(y, predicted)
    if score == "multiLogLoss":
        return log_loss(y, predicted, labels=range(params["num_class"]))
    error = predicted - y
    if score == "pinball":
        return np.mean(np.where(error >= 0, (1 - params["alpha"]) * error, -params["alpha"] * error))
    if score == "huber":
        size, delta = np.abs(error), params["alpha"]
        return np.mean(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)))
    assert score == "poisson"
    return np.mean(predicted - y * np.log(predicted))


def is_monotone(model, rows, signs):
    """Whether predictions only rise or fall with a feature, all else equal, as isMonotone in parity-cases.ts."""
    steps = np.concatenate([np.arange(-4, 8.25, 0.25), np.arange(9, 24)])
    for feature, sign in enumerate(signs):
        for row in rows[: 100 if sign else 0]:
            x = np.tile(row, (len(steps), 1))
            x[:, feature] = steps
            if np.any(sign * np.diff(model.predict(x)) < 0):
                return False
    return True


def results_of(case, with_case):
    scores, monotone = [], []
    for i, one in enumerate(given["tables"][case["tables"]]):
        (x, y), (x_test, y_test) = table_of(one["train"]), table_of(one["test"])
        params = {**common, "objective": one["task"], **(case["lightgbm"] if with_case else {})}
        weights = case["weights"][i] if with_case and "weights" in case else None
        categorical = params.pop("categorical_feature", [])
        data = lightgbm.Dataset(x, y, weight=weights, params=params, categorical_feature=categorical)
        model = lightgbm.train(params, data, p["trees"])
        scores.append(round(float(losses(case["score"], params, y_test, model.predict(x_test))), 6))
        if "monotone_constraints" in case["lightgbm"]:
            monotone.append(is_monotone(model, x_test, case["lightgbm"]["monotone_constraints"]))
    return {"scores": scores, **({"monotone": all(monotone)} if monotone else {})}


cases = [
    {
        "name": case["name"],
        "score": case["score"],
        **results_of(case, True),
        # what LightGBM scores without what the case is about
        **({"plain": results_of(case, False)} if case["plain"] else {}),
    }
    for case in given["cases"]
]

results = [
    {"name": one["name"], "all": scores_of(one, common), "sampled": scores_of(one, {**common, **sampling})}
    for one in given["sets"]
]
print(
    json.dumps(
        {
            "origin": f"LightGBM {lightgbm.__version__} from PyPI, by lightgbm-reference.py in "
            "test/learners/gradient-boosting, on the tables that data.ts beside it draws.",
            "parameters": p,
            "sampling": given["sampling"],
            "results": results,
            "cases": cases,
        },
        indent=2,
    )
)

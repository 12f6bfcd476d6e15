"""Measures LightGBM on the tables of the comparison and prints test/golden/gradient-boosting.json.

    pip install lightgbm scikit-learn
    npx tsx test/learners/gradient-boosting/export-data.ts | \
        python test/learners/gradient-boosting/lightgbm-reference.py > test/golden/gradient-boosting.json
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
        },
        indent=2,
    )
)

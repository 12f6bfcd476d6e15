"""The other side of bench:evaluation: trains LightGBM on the very same folds and says how long that took.

Reads one JSON object on stdin; the table is a file of raw float64, the labels another.
"""

import json
import sys
import time

import lightgbm
import numpy as np

ask = json.load(sys.stdin)
x = np.fromfile(ask["x"]).reshape(ask["rows"], ask["features"])
y = np.fromfile(ask["y"])
losses = []
times = []
for _ in range(ask["repeats"]):
    start = time.perf_counter()
    for train, test in ask["folds"]:
        model = lightgbm.LGBMClassifier(
            n_estimators=ask["trees"],
            num_leaves=ask["leaves"],
            learning_rate=ask["rate"],
            min_child_samples=20,
            reg_lambda=1,
            max_bin=ask["bins"],
            n_jobs=ask["threads"],
            verbose=-1,
        )
        model.fit(x[train[0] : train[1]], y[train[0] : train[1]])
        p = np.clip(model.predict_proba(x[test[0] : test[1]])[:, 1], 1e-15, 1 - 1e-15)
        truth = y[test[0] : test[1]]
        losses.extend(-(truth * np.log(p) + (1 - truth) * np.log(1 - p)))
    times.append(time.perf_counter() - start)
print(json.dumps({"name": f"LightGBM {lightgbm.__version__}", "times": times, "loss": float(np.mean(losses))}))

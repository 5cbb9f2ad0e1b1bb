from __future__ import annotations

import numpy as np
import pytest

from storage_opt.catalog.process import TwoScaleProcess

PROCESS = TwoScaleProcess(slow_share_frac=0.74, slow_h=15.0, fast_h=3.6)


def test_a_long_path_has_unit_variance_and_the_stated_autocorrelation():
    path = PROCESS.simulate(400_000, np.random.default_rng(1))
    assert path.mean() == pytest.approx(0.0, abs=0.03)
    assert path.var() == pytest.approx(1.0, abs=0.03)
    lags = [1, 3, 12, 24, 48]
    found = [float(np.corrcoef(path[:-lag], path[lag:])[0, 1]) for lag in lags]
    np.testing.assert_allclose(found, PROCESS.autocorrelation(np.array(lags, dtype=float)), atol=0.02)


def test_the_path_starts_stationary():
    starts = [PROCESS.simulate(1, np.random.default_rng(seed))[0] for seed in range(2000)]
    assert np.var(starts) == pytest.approx(1.0, abs=0.1)


def test_anomalies_of_single_months_show_the_stated_autocorrelation():
    """Take the mean of each hour of the day off 30 days at a time, as monthly statistics do."""
    path = PROCESS.simulate(400 * 720, np.random.default_rng(2)).reshape(400, 30, 24)
    anomaly = (path - path.mean(axis=1, keepdims=True)).reshape(400, 720)
    lags = np.array([1, 6, 24, 48])
    found = [float((anomaly[:, lag:] * anomaly[:, :-lag]).mean() / (anomaly**2).mean()) for lag in lags]
    np.testing.assert_allclose(found, PROCESS.anomaly_autocorrelation(lags.astype(float)), atol=0.02)


def test_a_fit_finds_the_process_again():
    lags = np.array([1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0])
    found = TwoScaleProcess.fit(lags, PROCESS.anomaly_autocorrelation(lags))
    np.testing.assert_allclose(found.autocorrelation(lags), PROCESS.autocorrelation(lags), atol=1e-3)

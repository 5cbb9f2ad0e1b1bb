"""A small site as a file: one June week, hourly, no tables; solved in a fraction of a second."""

from __future__ import annotations

__all__ = ["SITE"]

SITE = """\
name = "teahouse"
[horizon]
start = 2027-06-28
end = 2027-07-05
[grid]
import_limit_kw = 4000
export_limit_kw = 500
[load.hall]
power_kw = [900, 900, 900, 900, 900, 900, 900, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500, 2100,
  2100, 2100, 2100, 2100, 1200, 1200]
[generator.pv]
capacity_kw = 2500
profile = [0, 0, 0, 0, 0, 0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0, 0, 0, 0, 0, 0]
[battery.bess]
energy_kwh = 4000
power_kw = 1000
[[tariff.two_part.energy]]
tou = [
  { period = "valley", hours = ["23:00-07:00"], price_per_kwh = 0.25 },
  { period = "peak", hours = ["17:00-22:00"], price_per_kwh = 1.05 },
  { period = "flat", price_per_kwh = 0.55 },
]
[[tariff.two_part.demand]]
price_per_kw = 38
[tariff.sale]
meter = "export"
paid_to_site = true
energy = [{ price_per_kwh = 0.2 }]
"""

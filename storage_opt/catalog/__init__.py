"""Reference data that ships: statistics of wind and PV, synthetic series made from them, ready sites."""

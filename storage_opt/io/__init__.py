"""Files to specs, series and schedules, and back; refuses what is ambiguous, with place and hint."""

"""Bus, compile, solve, certificate, exactness, infeasibility, duals."""

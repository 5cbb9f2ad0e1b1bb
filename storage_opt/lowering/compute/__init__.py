"""Clusters and workloads of a site on its horizon, in numbers."""

"""Physics on the bus: variables, named flows, named constraints."""

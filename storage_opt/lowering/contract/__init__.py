"""The contract of direct supply and grid backup: rules, and the bill line by line."""

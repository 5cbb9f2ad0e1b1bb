"""What people and machines read: tables, summary, charts, output files. Nothing is computed here but layout."""

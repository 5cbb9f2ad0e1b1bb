"""What the user describes: frozen models, one field table each (unit, default, meaning, source)."""

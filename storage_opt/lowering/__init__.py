"""Turn what the user wrote about money into charges on a horizon; NumPy only, nothing is solved here."""

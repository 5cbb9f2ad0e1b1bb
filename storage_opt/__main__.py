"""`python -m storage_opt` is `storage-opt`."""

from storage_opt.cli import main

if __name__ == "__main__":
    main()

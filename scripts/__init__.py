"""Programs for `make`: run as modules, `python -m scripts.NAME`, from the checkout."""

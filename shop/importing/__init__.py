"""Loading a real shop from its own CSV files; ``python -m shop.importer`` is the door."""

"""Seeded generators of the bundled family's texts."""

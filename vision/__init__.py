"""The shop's eye: products on photos, categories, order screenshots; see README.md beside."""

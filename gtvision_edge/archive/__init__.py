"""Copies of pictures and evidence bundles in an object store (S3), owed in the database until the store has confirmed them."""

"""Leases while the database comes and goes, and many of them at a time."""

"""Searching resources: what can be searched, the index that is written with each resource, and finding by it."""

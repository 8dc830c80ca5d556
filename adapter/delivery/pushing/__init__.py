"""The clinic's records go to partners: by which way, as what, and whether what is there now is what was sent."""

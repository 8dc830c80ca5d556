"""One module per step; their order is in `down_revision`."""

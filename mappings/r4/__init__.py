"""What R4 itself says: its JSON kept exact, its types and elements, its paths, and whether a resource has its shape."""

"""The resources that records hold beside their root, each declared once for all of them."""

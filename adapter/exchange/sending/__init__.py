"""What the clinic writes goes out: records are kept with the work of bringing them to the partners that get them."""

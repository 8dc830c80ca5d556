"""What is printed: a care plan as a letter.  Nothing of it is loaded before it is asked for."""

"""A referral comes: its envelope is opened, whose it is and whether it is held is found out, and it is written down."""

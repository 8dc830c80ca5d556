"""What people at the clinic decide on a referral: where it goes, what its record says, and whose it is."""

"""What happens: a referral is received, decided, and answered with a plan.  Told without HTTP and without SQL."""

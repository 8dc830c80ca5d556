"""Where a referral stands, and who may move it where: states and transitions as data, and the one way of moving."""

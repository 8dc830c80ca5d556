"""The way back: what became of a referral is told to who sent it, by its Task or in a message."""

"""The durable delivery of plans to partners: what is sent, one attempt at it, and the engine that keeps trying."""

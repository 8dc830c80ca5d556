"""The durable delivery of plans and answers: what is sent, one attempt at it, and the engine that keeps trying."""

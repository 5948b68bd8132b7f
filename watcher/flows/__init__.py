"""The journeys, one module each: run, compose, deliver, and what asks about them. A flow joins rooms that do not know each other."""

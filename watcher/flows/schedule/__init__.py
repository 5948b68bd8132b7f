"""When things are done: what is due, the tick that does it, a digest by hand, and what is owed at once."""

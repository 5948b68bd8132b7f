"""When things are done: what is due and when it is tried again, the tick that does it, a digest by hand, and what is owed at once."""

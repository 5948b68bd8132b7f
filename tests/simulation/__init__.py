"""The simulated year: the real service under random faults, and an oracle that knows only what was planted.

world      papers, watches, lists and readers of one seed, and the lab's edits; plain values
planting   a world's papers as records of the local PubMed
script     what is done to the service on which day: the clock's moves, and the mishaps
premises   the folder, the local servers and the clock of one simulation
service    the service under test: a process that is started, killed, stopped and waited for
life       plays a script
post       what arrived, read as a reader would
evidence   what happened in a life, in plain values
claims     which papers a list may claim while its watches are edited
telling    whether what was told of failures is true, and whole
oracle     what must have arrived; it and the four above import nothing of the service or its demo
__main__   `make simulate`: many seeds, and what became of them
"""

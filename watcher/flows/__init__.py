"""The journeys: run, compose, deliver, and what asks about them. A flow joins rooms that do not know each other.

A folder for each part of the way; imports among them point down only, as in the order of `pyproject.toml`. `ports` is all that they ask
of the outside: no flow knows PubMed or a channel.
"""

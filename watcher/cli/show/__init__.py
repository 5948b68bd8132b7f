"""Values printed for people: tables on a terminal, plain lines when piped. Decides nothing, and makes no document of its own.

tables    what was checked, run, composed, sent, copied
ranking   papers in their order, what is behind a number, thresholds
status    how things stand
"""

"""An E-utilities server on loopback over sample records, for `watcher demo`, rehearsals and the tests.

It is the oracle of the tests: it reads records and queries with its own code and shares none with `watcher.pubmed`. It never
talks to a network but its own loopback port.
"""

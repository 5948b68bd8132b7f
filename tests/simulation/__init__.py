"""The simulated year: the real service under random faults, and an oracle that knows only what was planted.

world        papers, watches, lists and readers of one seed, and the lab's edits; plain values
planting     a world's papers as records of the local PubMed
script       what is done to the service on which day: the clock's moves, and the mishaps
premises     the folder, the local servers and the clock of one simulation
service      the service under test: a process that is started, killed, stopped and waited for
fork_server  starts these processes: it has imported, rehearsed and ranked, and forks
life         plays a script
post         what arrived, read as a reader would
evidence     what happened in a life, in plain values
claims       which papers a list may claim while its watches are edited
telling      whether what was told of failures is true, and whole
oracle       what must have arrived; it and the four above import nothing of the service or its demo
batch        what became of each seed, kept so that a batch goes on where it ended
__main__     `make simulate`: many seeds, and what became of them

A batch writes each seed's outcome into bench-out/simulation.jsonl (`--out FILE`) as soon as the year is over, with the options and a
hash of the service, the simulation and the pinned libraries. The next call with the same ones says what it takes over and lives the
rest; Ctrl-C or a kill costs the years under way. `--again` lives all, `--seed N` always lives.

A year is quick where that proves the same:
    processes are forked from one that has done a rehearsal; each then has its own files, connections and locks, and is killed for good
    a ranking is built once for the same seeds and verdicts, since it is a pure function of them (the threshold is 0: nothing depends on it)
    the waits that keep NCBI's pace are a tenth, since the local PubMed counts no requests; `test_pubmed_pace` has the true ones
    a locked database is waited for 2 seconds, and a lock that lasts longer lasts 3.5: how long is a setting
No mishap, no claim and no process is left out.
"""

"""Servers on loopback that stand in for the machines that watcher talks to, for `watcher demo`, rehearsals and the tests.

A room for each of them: `eutils` is PubMed, `inbox` a mail server and a Slack, `crossref` Crossref, `zotero` Zotero. They are the tests'
oracle: they read what they are sent with their own code, import nothing of watcher, and take the clock from whoever starts them. None talks
to a network but its own loopback port.

Inside, imports are relative only: this folder is `standins` in the repository and `watcher.standins` in the wheel (docs/decisions/0054).
"""

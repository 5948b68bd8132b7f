"""Zotero's Web API, version 3: what it is asked, and what its answers say. It stores nothing and decides nothing.

client    one request after the other, with the bounds of an exchange and the waits that the service asks for
answers   what comes, as values; what has not the documented shape is a failure that may pass
keys      the keys of items that are written from here
"""

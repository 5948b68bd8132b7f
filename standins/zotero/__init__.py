"""A local Zotero Web API, version 3: libraries of users and groups with items and collections, and the ways in which it refuses.

    library   one library: versions that grow, items, collections, the trash; what a write makes of each object
    server    requests and answers over HTTP: keys and their rights, lists and pages, templates, planted answers

What a real server says, it says in the words of its own source (zotero/dataserver, and the pages on Web API v3). All names and numbers are
the test's.
"""

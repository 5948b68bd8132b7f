"""Search over everything stored: FTS5 or tsvector behind one interface, with the same answers on both.

* `folding`: text as it is compared
* `query`: what somebody typed, `marks`: where its words stand in a text
* `documents`: what of a paper is searched
* `tables`, `place`: the index, its file and its connections
* `filling`: keeps the index after the database
* `asking`, `answers`: a question, as each database has it, and its papers
"""

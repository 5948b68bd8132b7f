"""PubMed's E-utilities over sample records: they read records and queries with code of their own.

`server` speaks HTTP and plays `faults`; `utilities` answers; `search` understands queries (`syntax`, `fields`, `mesh`, `postings`);
`corpus` says which record stands how on a day; `papers` builds records from a few words, and `samples` are those in `records/`.
"""

from .corpus import Corpus
from .samples import DEMO_START, planted
from .server import EutilsServer, serve_forever
from .syntax import leaves

__all__ = ["DEMO_START", "Corpus", "EutilsServer", "leaves", "planted", "serve_forever"]

"""PubMed's E-utilities over sample records: it reads records and queries with its own code and shares none with `watcher.pubmed`."""

"""The only room that knows Entrez: `client` talks to it, `query` writes terms, `parse` reads records. Raw XML never leaves it."""

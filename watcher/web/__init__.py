"""The page: what a reader does beside reading. Starlette and Jinja2 over the flows; nothing below knows it.

    serving    listens while the service lives, and takes up an edited configuration without losing a request
    routing    the pages behind the guard, and what is said when one fails
    guard      who may come in: hosts, sizes, logins, headers
    site       what all pages ask for: one configuration, its App, its cookies and templates
    pages      a module for each part

A page reads the database and writes what a reader says; runs and deliveries are the service's alone (docs/decisions/0080).
"""

from watcher.web.serving import Changes, live

__all__ = ["Changes", "live"]

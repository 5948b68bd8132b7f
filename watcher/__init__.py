"""Watch PubMed for a lab and send it one digest a week."""

__version__ = "0.1.0"

"""What a ranking knows beyond the seeds' words: readers' verdicts, and embeddings that are kept; and what stands in for a ranking."""

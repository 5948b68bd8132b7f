"""What a ranking knows beyond the seeds' words: readers' verdicts, and embeddings that are kept."""

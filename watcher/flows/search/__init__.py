"""What PubMed and Crossref are asked, and what their answers and silences mean: seeds, runs, corrections."""

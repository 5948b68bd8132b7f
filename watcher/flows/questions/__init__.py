"""Answers to what somebody asks. They may ask PubMed and the ranking anew, but decide, owe and send nothing."""

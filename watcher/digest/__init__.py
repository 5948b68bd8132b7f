"""Turns judged papers into a digest, and a digest into messages: arrange -> fit -> render.

Pure: no clock, network, database or file besides its own templates. It never decides whether a paper passes (that is judged
before) and never sends anything.
"""

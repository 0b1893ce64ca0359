"""Telling people how a run went: by a webhook, by e-mail.

What is told comes from outcomes of runs alone, in the words that the terminal shows; no setting, no
environment and no answer of an adapter goes out otherwise. Nobody is told the same twice.
"""

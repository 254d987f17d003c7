"""Pseudo labels: rules, data sets made by them, and the guard of the evaluation."""

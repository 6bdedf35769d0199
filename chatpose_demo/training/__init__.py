"""Recipes that make the weights the project ships; one command per stage."""

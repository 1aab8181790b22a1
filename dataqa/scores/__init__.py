"""Scores of texts: models that are small files, trained from labels, calibrated, with their card.

``open_model`` reads any of them and gives a ``Scorer``; nothing here needs what training needs.
"""

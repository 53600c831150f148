"""Who pays what: a page and a CSV file for each owner of a month, and the month's journal for the general ledger.

All read `fct_owner_statements_monthly` and round by one rule (`rounding.py`), so that the pages, the CSV files and the
journal say the same cents, and together those of the ledger.
"""

"""The books: months that were closed, as they were signed, in a folder that outlives the database.

    books/
      records/000001.json            one closing or reopening each, in order; each names the hash of the one before
      2026-07/000001/ledger.parquet  what was signed, by table; written once

A month is closed when its latest record says so. Records are never changed: a reopening is a record of its own.
"""

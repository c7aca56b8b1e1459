"""The HTML that people look at, each page one file that loads nothing else.

What is shown is handed in; nothing here reads or computes. Pages may import text and what is below
it.
"""

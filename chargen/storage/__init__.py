"""Files that survive a crash: atomic writes, the array format, run folders and locks.

Storage may import errors alone.
"""

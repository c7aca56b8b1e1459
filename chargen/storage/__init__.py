"""Files that survive a crash: atomic writes, the array format, run folders, the cache folder.

Storage may import errors alone.
"""

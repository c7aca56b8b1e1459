"""The HTML that people look at. What is shown is handed in; nothing here reads or computes."""

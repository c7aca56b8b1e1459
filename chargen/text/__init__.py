"""From files to batches of ids: corpus, vocabulary, streams."""

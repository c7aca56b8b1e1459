"""What a trained model needs to know of text: characters, vocabulary, preparation, unknown, copies."""

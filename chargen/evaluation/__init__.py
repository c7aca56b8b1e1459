"""What a trained network thinks of a text: its loss, each character's surprise, whose style."""

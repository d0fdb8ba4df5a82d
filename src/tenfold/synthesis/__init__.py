"""Pictures with known digits, drawn: single glyphs, strips of a line, whole pages."""

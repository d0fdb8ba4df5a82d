"""What a model file's graph may hold, looked at before any library runs it."""

"""Built-in record formats: how others write episodes down, a file each."""

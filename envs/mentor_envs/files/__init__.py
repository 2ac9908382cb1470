"""Files: chores on a small directory, and ten commands of a shell to do them with."""

"""Built-in teachers: who attempts training tasks for a student to learn from."""

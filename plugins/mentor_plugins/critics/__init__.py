"""Critics: values of the states before an episode's turns."""

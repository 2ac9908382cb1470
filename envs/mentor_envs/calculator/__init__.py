"""Calculator: word problems, and the twelve tools of the MENTOR paper to solve them with."""

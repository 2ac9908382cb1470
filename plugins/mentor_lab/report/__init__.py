"""One page that shows a run, or several: an HTML file that opens without a network.

    run directory ─ read ─→ Run ─ figures, tables ─→ page
                             └─ choose ─ episodes ──↗

read       settings, metrics and episodes of a run, whatever is missing or broken
explain    each term's score of an episode, and the reason for the score
choose     the episodes that have a place on the page
episodes   an episode as the page has it: turns, tokens, scores
curves     a value over the training, with intervals
figures    curves and bars, for plotly.js
tables     rows of the same
pack       figures and episodes as packed data
page       all of it in one file, from page.html.jinja, page.css and page.js
html       the report that `mentor run` writes when it ends
live       a run's metrics in the terminal, for `mentor watch`
"""

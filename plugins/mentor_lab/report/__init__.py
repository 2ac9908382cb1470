"""One page that shows a run, or several: an HTML file that opens without a network.

    run directory ─ read ─→ Run ─ figures, tables ─→ page
                             └─ choose ─ episodes ──↗

Its modules:

    read       settings, metrics and episodes of a run, also if parts are missing or broken
    explain    each term's score of an episode, and the reason for the score
    choose     the episodes that have a place on the page
    episodes   an episode in the form of the page: turns, tokens, scores
    curves     a value over the training, with intervals
    figures    curves and bars, for plotly.js
    tables     rows of text with the figures' numbers
    pack       figures and episodes as packed data
    page       all of it in one file, from page.html.jinja, page.css and page.js
    html       the report that `mentor run` writes when it ends
    live       a run's metrics in the terminal, for `mentor watch`
"""

"""Studies: a grid of methods, environments and seeds, and one report of all its cells.

Its parts:

    file        a study's TOML file
    cells       the file's cells, each with the settings of a run
    folder      the study on disk
    cell        the work of one cell, in a process of its own
    play        several cells side by side
    teacher     the teacher's episodes, to compare with
    results     figures of the finished cells
    tables      figures as tables; report.md
    page        report.html
    report      writes these files
    shipped/    the studies that the laboratory brings
"""

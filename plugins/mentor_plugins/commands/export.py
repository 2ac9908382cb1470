"""`mentor export`."""

from __future__ import annotations

from pathlib import Path

import click

from mentor_core.support.errors import ConfigError
from mentor_runs.command_line.json_output import console_for, json_option, print_json
from mentor_runs.command_line.options import PATH, checkpoint_option

__all__ = ["command"]


@click.command("export", short_help="Write a run's student for others: weights, card, GGUF, Hub.")
@click.argument("run", type=PATH)
@checkpoint_option
@click.option(
    "--output", type=PATH, metavar="DIR", help="RUN/export if not given; an older export goes."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "bfloat16"]),
    help="Type of the weights; the student's own if not given.",
)
@click.option(
    "--gguf",
    type=click.Choice(["auto", "f32", "f16", "bf16", "q8_0"]),
    help="Also a GGUF file of that type, by llama.cpp's converter.",
)
@click.option(
    "--llama-cpp", type=PATH, metavar="DIR", help="llama.cpp's directory, if not on PATH."
)
@click.option(
    "--evaluate",
    type=click.IntRange(min=1),
    metavar="N",
    help="Play N tasks of each split through a server; the card gets the difference.",
)
@click.option(
    "--engine",
    type=click.Choice(["transformers", "vllm"]),
    default="transformers",
    show_default=True,
    help="The server of --evaluate.",
)
@click.option("--push", metavar="OWNER/NAME", help="Upload to that repository of the Hub.")
@click.option("--public", is_flag=True, help="A repository that --push makes is public.")
@json_option
def command(
    run: Path,
    checkpoint: int | None,
    output: Path | None,
    dtype: str | None,
    gguf: str | None,
    llama_cpp: Path | None,
    evaluate: int | None,
    engine: str,
    push: str | None,
    public: bool,
    as_json: bool,
) -> None:
    """Write the trained student of RUN as safetensors with a model card and an Ollama Modelfile.

    An adapter is merged into its base. The card has the run's own figures with intervals, its
    recipe and data, and the licence of the base.

    \b
    mentor export runs/calculator-20260101-120000 --evaluate 64
    mentor export runs/calculator-20260101-120000 --gguf f16 --llama-cpp ~/llama.cpp
    mentor export runs/calculator-20260101-120000 --push me/my-model
    """
    if llama_cpp is not None and gguf is None:
        raise ConfigError("--llama-cpp needs --gguf TYPE")
    if public and push is None:
        raise ConfigError("--public needs --push OWNER/NAME")

    import warnings
    from dataclasses import asdict
    from typing import cast

    from mentor_plugins.commands.exported import Source
    from mentor_plugins.commands.served import measure_server
    from mentor_plugins.export.answers import known_to_transformers
    from mentor_plugins.export.card import Card, card_text
    from mentor_plugins.export.figures import figures_of
    from mentor_plugins.export.folder import ExportFolder
    from mentor_plugins.export.gguf import convert, converter
    from mentor_plugins.export.hub import check_push
    from mentor_plugins.export.hub import push as upload
    from mentor_plugins.export.licence import licence_of
    from mentor_plugins.export.modelfile import modelfile
    from mentor_plugins.export.server import Engine, Server, free_port
    from mentor_plugins.export.weights import check_template, load_merged, write_weights
    from mentor_plugins.models.formats import match_student, parser_name
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.settings.resolve import resolve
    from mentor_toolkit.disk import write_atomically, writing

    warnings.filterwarnings("ignore", category=FutureWarning)  # of libraries, for their callers
    source = Source.find(run, checkpoint)
    folder = ExportFolder(output) if output is not None else source.export
    folder.check()
    script = converter(llama_cpp) if gguf is not None else None
    if push is not None:
        check_push(push)
    config = resolve(source.settings)
    parts = assemble(config)
    place, port = folder.path.absolute(), free_port()
    server = Server(cast(Engine, engine), place, None, port=port)
    if evaluate is not None:
        server.check()
    console = console_for(as_json)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    student = load_merged(source.model, config.model_options)
    notes = check_template(student)
    match_student(parts.envs, student)
    parser = parser_name(parts.envs[0].parser)
    partial = folder.begin()
    write_weights(student, parser, partial, dtype)
    if not known_to_transformers(student):
        notes.append(f"transformers serve gives calls of the parser {parser} as text")
    for note in notes:
        say(f"note: {note}")
    made = convert(script, partial, gguf).name if script is not None and gguf else None
    licence = licence_of(source.run.config.model)
    card = Card(
        run=source.run,
        checkpoint=checkpoint,
        figures=figures_of(source.run, checkpoint),
        licence=licence,
        parser=parser,
        dtype=str(student.model.dtype).removeprefix("torch."),
        gguf=made,
        notes=notes,
    )
    text = modelfile(student, made, config.evaluate.temperature, licence)
    with writing(partial):
        write_atomically(partial / "Modelfile", text)
        write_atomically(partial / "README.md", card_text(card))
    folder.finish(source.facts(parser))
    say(f"exported student {folder.path}")
    del student
    if evaluate is not None:
        server = Server(server.engine, place, parser, port=port)
        for note in server.notes():
            say(f"note: {note}")
        card.served = measure_server(source.settings, server, evaluate, console)
        with writing(folder.path):
            write_atomically(folder.path / "README.md", card_text(card))
        for row in card.served:
            say(f"{row.split}: {row.told}")
    address = None if push is None else upload(folder.path, push, public)
    if address is not None:
        say(f"uploaded to {address}")
    if as_json:
        files = sorted(file.name for file in folder.path.iterdir())
        print_json(
            output=folder.path,
            files=files,
            parser=parser,
            licence=licence,
            served=[asdict(row) for row in card.served],
            uploaded=address,
        )

"""A Typer program with one empty command."""

import typer

app = typer.Typer()


@app.command()
def main() -> None:
    """Do nothing."""


app()

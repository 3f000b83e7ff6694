"""Prints the figures that drills measure; `pytest -s` shows them."""


def print_figure(text: str) -> None:
    print(text)  # noqa: T201 - the figures are the result of a drill

"""The metrics of what is in force: a gauge for each number, and one for each mode of a choice."""

from service.domain.knobs import CHOICES, NUMBERS
from service.series.families import Families, by_word


class KnobSeries:
    """The knobs in force, by name; those with modes have a series for each mode."""

    def __init__(self, families: Families) -> None:
        self.numbers = {
            name: families.gauge(f"cacheaside_{name}", f"The knob {name} in force")
            for name in NUMBERS
        }
        self.choices = {
            name: by_word(
                families.gauge(f"cacheaside_{name}", f"1 for the {name} in force", "mode"), modes
            )
            for name, modes in CHOICES.items()
        }

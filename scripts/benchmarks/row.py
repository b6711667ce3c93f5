"""One line of the table, and when its goal is met."""

from dataclasses import dataclass, field

US = "onair"


@dataclass
class Row:
    """One line of the table."""

    name: str
    what: str
    unit: str
    goal: str
    is_met: object
    figures: dict = field(default_factory=dict)

    def verdict(self):
        if self.figures.get(US) is None:
            return "not measured"
        try:
            return "met" if self.is_met(self.figures) else "NOT met"
        except (KeyError, TypeError):
            return "no peer to compare with"

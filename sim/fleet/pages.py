"""The reported days of a fleet by their age: today is 0, yesterday 1."""

from __future__ import annotations

from sim.moment import HOURS_PER_DAY
from sim.reporting import Page, Reports


def page_of_age(reports: Reports, age: int) -> Page:
    """What is shown of the day ``age`` days ago.

    Raises:
        IndexError: Nothing is kept of it: the day has not begun, or it is too old.
    """
    place = reports.hour // HOURS_PER_DAY - age - reports.oldest_day
    if not 0 <= place < len(reports.pages):
        message = f"age: expected within {ages_kept(reports)}, was {age}"
        raise IndexError(message)
    return reports.pages[place]


def ages_kept(reports: Reports) -> range:
    """Ages of the days of which something is kept; today has no page before its first hour is over."""
    today = reports.hour // HOURS_PER_DAY - reports.oldest_day
    return range(today - len(reports.pages) + 1, today + 1)

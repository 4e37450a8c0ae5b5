"""``autopilot plan``: a plan before anybody signs it, in two languages, and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from autopilot.cli.plan import command
from autopilot.plan_words import WORDS

pytestmark = pytest.mark.usefixtures("played_past")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_json_is_the_plan_as_journaled_with_cost_and_facts() -> None:
    code, output = run("gift-shop", "--planner", "milp", "--json")

    found = json.loads(output)
    assert code == 0
    assert found["cost"] == {name: found[name] for name in ("expected_cents", "worst_case_cents", "granted_cents")}
    assert found["guard"]["accepted"]
    assert {"granted", "ad_budget", "forecast_units"} <= {fact["name"] for fact in found["facts"]}
    assert found["profile"]["code"][0] in "NAM"
    assert "why_not" not in found


def test_the_sheet_says_what_it_costs_at_worst_and_when_it_stops() -> None:
    _, output = run("gift-shop", "--planner", "milp")

    text = " ".join(output.split())
    assert re.search(r"at worst £[\d,.]+, and £15,000\.00 is the most that was granted", text)
    assert "It stops when £12,000.00 was surely lost" in text
    assert "Agreed: ___" in text


def test_the_sheet_speaks_chinese_with_the_same_numbers_and_citations() -> None:
    (_, english), (_, chinese) = run("gift-shop", "--planner", "milp"), run("gift-shop", "--planner", "milp", "--language", "zh")

    assert "授权上限" in chinese
    assert set(re.findall(r"\[f\d+\]", english)) == set(re.findall(r"\[f\d+\]", chinese))


def test_both_languages_know_the_same_sentences_with_the_same_figures() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for key, sentence in WORDS["en"].items():
        assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", WORDS["zh"][key])), key


def test_why_not_is_answered_with_numbers() -> None:
    code, output = run("gift-shop", "--planner", "milp", "--why-not", "5 % off on G01", "--json")

    found = json.loads(output)["why_not"]
    assert code == 0
    assert found["allowed"]
    assert found["difference_cents"] != 0


def test_a_question_that_is_not_understood_is_a_clear_error() -> None:
    from autopilot.errors import ConfigError

    with pytest.raises(ConfigError, match="--why-not: expected a question such as"):
        run("gift-shop", "--why-not", "be lucky")


def test_the_rule_planner_prints_its_own_reasons() -> None:
    _, output = run("gift-shop", "--planner", "rules")

    assert "by rule" in output
    assert "units a day, margin" in " ".join(output.split())

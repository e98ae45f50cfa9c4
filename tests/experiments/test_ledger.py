"""What a ledger accepts, and every way in which findings can differ from it."""

import dataclasses
import subprocess
import sys

import pytest

from experiments.claim import Agreement, Claim, Decoy, Sharp, Source
from experiments.finding import Finding
from experiments.ledger import Difference, LedgerError, audit, compare, ledger_of, parse_ledger, read_ledger

TEXT = """
[claims.C7]
title = "one level adds shared and independent errors"
expect = "holds"

[claims.C18]
title = "the product bound"
expect = "loose"
factor = 2.5

[claims.P4]
title = "all tokens converge or all diverge"
expect = "refuted"

[experiments.one-level]
title = "one majority level"
quick_seconds = 3
paper_seconds = 40.5

[figures.F6]
name = "simulation"
title = "bias after 10 and 30 levels"
experiments = ["one-level"]
"""
LEDGER = parse_ledger("synergy", TEXT)


def found(name, verdict, **changes):
    base = {
        "predicted": 0.0,
        "observed": 0.0,
        "low": 0.0,
        "high": 0.0,
        "at": {},
        "points": 1,
        "because": "",
        "note": "why",
    }
    return Finding(id=f"synergy/{name}", verdict=verdict, **(base | changes))


ALL_AS_EXPECTED = {
    "C7": found("C7", "holds"),
    "C18": found("C18", "loose", factor=2.51),
    "P4": found("P4", "refuted", sharp_holds=True),
}


def differences(**changes):
    kept = {name: finding for name, finding in (ALL_AS_EXPECTED | changes).items() if finding is not None}
    return compare(kept.values(), LEDGER)


def test_a_ledger_reads_into_records():
    assert LEDGER.claims["C18"].factor == 2.5
    assert LEDGER.experiments["one-level"].quick_seconds == 3
    assert LEDGER.figures["F6"].experiments == ("one-level",)
    assert list(LEDGER.claims) == ["C7", "C18", "P4"]


def test_a_ledger_file_belongs_to_the_paper_of_its_folder(tmp_path):
    (tmp_path / "synergy").mkdir()
    (tmp_path / "synergy" / "ledger.toml").write_text(TEXT)
    assert read_ledger(tmp_path / "synergy" / "ledger.toml") == LEDGER


def test_a_paper_without_a_ledger_is_named():
    with pytest.raises(LedgerError, match=r"nowhere: there is no experiments/nowhere/ledger\.toml"):
        ledger_of("nowhere")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'expect = "holds"',
            'expect = "true"',
            r"synergy: claims\.C7: `expect` must be one of .* but is 'true'",
        ),
        (
            'expect = "holds"',
            'expect = "toothless"',
            "`expect` must be one of holds, loose, refuted, inconclusive",
        ),
        ('expect = "holds"', "", r"claims\.C7 lacks \['expect'\]"),
        ('expect = "holds"', 'expect = "holds"\nexpcet = 1', r"claims\.C7 has unknown keys \['expcet'\]"),
        (
            'expect = "holds"',
            'expect = "holds"\nfactor = 2.0',
            "`factor` belongs to a claim expected loose, not holds",
        ),
        ("factor = 2.5", "factor = 0.5", r"claims\.C18: `factor` must be a number from 1, but is 0\.5"),
        ('"the product bound"', "7", r"claims\.C18: `title` must be text, but is 7"),
        ("paper_seconds = 40.5", "", r"experiments\.one-level lacks \['paper_seconds'\]"),
        ("40.5", "true", r"`paper_seconds` must be a number from 0, but is True"),
        ("40.5", "inf", r"`paper_seconds` must be a number from 0, but is inf"),
        ('["one-level"]', '["two-level"]', r"synergy: figures\.F6 draws unknown experiments \['two-level'\]"),
        ('["one-level"]', '"one-level"', "`experiments` must be a list of names"),
        (
            "[claims.C7]",
            "[claim.C7]",
            r"unknown tables \['claim'\]; a ledger has claims, experiments, figures",
        ),
        ("[claims.C7]", "[claims.C7", "synergy: the ledger is not TOML"),
        ("[figures.F6]", '[figures.F5]\nname = "simulation"\ntitle = "x"\n[figures.F6]', "share the name"),
    ],
)
def test_a_bad_ledger_is_refused_with_the_entrys_name(old, new, message):
    assert old in TEXT
    with pytest.raises(LedgerError, match=message):
        parse_ledger("synergy", TEXT.replace(old, new, 1))


def test_a_run_as_expected_has_no_differences():
    assert differences() == []


def test_what_is_refuted_at_quick_and_holds_at_small_needs_its_sharp_version_at_quick_alone():
    entry = dataclasses.replace(LEDGER.claims["P4"], at_small="holds")
    ledger = dataclasses.replace(LEDGER, claims={"P4": entry})
    held = [found("P4", "holds", sharp_holds=False)]
    assert compare(held, ledger.at("small")) == []
    assert [str(difference) for difference in compare(held, ledger)] == [
        "synergy/P4: expected refuted, found holds (why)",
        "synergy/P4: expected a sharp version that holds, found one that fails (why)",
    ]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"C7": found("C7", "toothless")}, "synergy/C7: expected holds, found toothless (why)"),
        ({"C7": found("C7", "inconclusive")}, "synergy/C7: expected holds, found inconclusive (why)"),
        ({"C7": None}, "synergy/C7: expected holds, found nothing (the claim was not judged)"),
        ({"C9": found("C9", "holds")}, "synergy/C9: expected no such claim, found holds (not in the ledger)"),
        ({"x": found("C7", "holds")}, "synergy/C7: expected one finding, found several (why)"),
        ({"C18": found("C18", "loose", factor=3.0)}, "synergy/C18: expected a factor 2.5, found 3.0 (why)"),
        ({"C18": found("C18", "loose")}, "synergy/C18: expected a factor 2.5, found None (why)"),
        (
            {"P4": found("P4", "refuted", sharp_holds=False)},
            "synergy/P4: expected a sharp version that holds, found one that fails (why)",
        ),
        ({"P4": found("P4", "refuted")}, "synergy/P4: expected a sharp version that holds, found none (why)"),
    ],
)
def test_every_difference_is_named(change, difference):
    assert [str(d) for d in differences(**change)] == [difference]


def written(name, sharp=None, experiment="synergy/one-level"):
    return Claim(
        id=f"synergy/{name}",
        kind="equality",
        statement="a statement",
        source=Source("derived here"),
        experiment=experiment,
        predict=abs,
        observe=abs,
        comparison=Agreement(),
        decoy=Decoy("a constant off", abs),
        sharp=sharp,
    )


def test_audit_finds_what_is_missing_on_either_side_before_a_run():
    sharp = Sharp("token by token", abs)
    assert audit([written("C7"), written("C18"), written("P4", sharp)], LEDGER) == []
    assert audit([written("C7"), written("C7"), written("C9"), written("P4", experiment="synergy/two")], LEDGER) == [
        Difference("synergy/C7", "one claim", "2 of that id"),
        Difference("synergy/C18", "a claim", "none"),
        Difference("synergy/C9", "an entry in the ledger", "none"),
        Difference("synergy/P4", "a sharp version, because it will be refuted", "none"),
        Difference("synergy/P4", "an experiment of the ledger", "synergy/two"),
    ]


def test_a_ledger_is_read_without_the_slow_imports():
    slow = "{'jax', 'xarray', 'scipy', 'numpy'}"
    program = f"import sys, experiments.ledger; sys.exit(bool({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_scale_of_larger_samples_may_decide_more():
    book = parse_ledger("synergy", '[claims.C30]\ntitle = "small"\nexpect = "inconclusive"\nat_paper = "holds"\n')
    undecided, decided = [found("C30", "inconclusive")], [found("C30", "holds")]
    assert not compare(undecided, book.at("quick"))
    assert not compare(decided, book.at("paper"))
    assert compare(decided, book.at("quick"))
    assert compare(undecided, book.at("paper"))
    scaled = parse_ledger("synergy", '[claims.C30]\ntitle = "small"\nexpect = "inconclusive"\nat_small = "holds"\n')
    assert not compare(decided, scaled.at("small"))
    assert not compare(undecided, scaled.at("paper"))


def test_a_larger_protocol_may_show_what_a_smaller_one_refutes():
    book = parse_ledger("synergy", '[claims.C30]\ntitle = "small"\nexpect = "refuted"\nat_small = "holds"\n')
    assert not compare([found("C30", "holds")], book.at("small"))
    assert compare([found("C30", "holds")], book.at("quick"))


@pytest.mark.parametrize(
    "line", ['expect = "holds"\nat_paper = "refuted"', 'expect = "inconclusive"\nat_paper = "maybe"']
)
def test_only_an_undecided_claim_may_be_decided_later(line):
    with pytest.raises(LedgerError, match=r"claims\.C30.*at_paper"):
        parse_ledger("synergy", f'[claims.C30]\ntitle = "small"\n{line}\n')

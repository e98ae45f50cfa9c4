"""A user's table: what is summed from it, and what is refused in one sentence."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.errors import UserError
from experiments.synergy.agents_table import HANDS, read_table

GOOD = "task,agent,compute,correct\n1,a,2,1\n1,b,2,0\n2,a,2,1\n2,b,2,1\n3,a,2,0\n3,b,2,0\n"


@pytest.fixture
def write(tmp_path):
    def run(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return run


BAD = {
    "": "is empty: a table has a header",
    "task,agent,compute,correct\n": "there is a header but no row",
    "task;agent;compute;correct\n1;a;2;1\n": "has no column `task`, `agent`, `compute`, `correct`: its col",
    "task,agent,correct\n1,a,1\n": r"has no column `compute`: its columns are task, agent, correct",
    GOOD.replace("2,b,2,1", "2,b,2,0.5"): r"line 5: `correct` must be 0 or 1, but is `0.5`",
    GOOD.replace("2,b,2,1", "2,b,2,"): r"line 5: `correct` must be 0 or 1, but is empty",
    GOOD.replace("2,b,2,1", "2,b,2,NaN"): r"line 5: `correct` must be 0 or 1, but is `NaN`",
    GOOD.replace("2,b,2,1", "2,b,-2,1"): r"line 5: `compute` must be a positive number, but is `-2`",
    GOOD.replace("2,b,2,1", "2,b,nan,1"): r"line 5: `compute` must be a positive number, but is `nan`",
    GOOD.replace("2,b,2,1", "2,b"): r"line 5: `correct` must be 0 or 1, but is empty",
    GOOD.replace("2,b,2,1", "2,,2,1"): r"line 5: `agent` must be given, but is empty",
    GOOD.replace("2,b,2,1", "2,b,2,1,7"): r"is not a table: .*line 5",
    GOOD + "2,a,2,1\n": r"line 8 repeats the task, agent, compute and group of line 4",
    "task,agent,compute,correct\n1,a,2,1\n2,a,2,0\n": "there is one agent only, so errors cannot be seen to agree",
    "task,agent,compute,correct\n1,a,2,1\n2,b,2,0\n": "no group has two votes on one task at one compute",
    "task,agent,compute,correct\n1,a,2,1\n1,b,2,0\n": "there is one task only",
    GOOD.replace(",0\n", ",1\n"): "every outcome is 1: where nothing varies",
    GOOD.replace(",1\n", ",0\n"): "every outcome is 0: where nothing varies",
    GOOD.encode("utf-16"): r"is not UTF-8 text \(byte 0xff",
    GOOD.replace("3,a", "3,caf\xe9").encode("latin-1"): r"is not UTF-8 text \(byte 0xe9",
    "task,agent,compute,correct,sent\n1,a,2,1,0\n": "has only one of the columns `sent` and `received`",
    "task,agent,compute,correct,sent,received\n1,a,2,1,1,\n1,b,2,1,,\n": "line 2: `received` must be given where",
    "task,agent,compute,correct\n" + "".join(f"{i},a,{i},1\n{i},b,{i},0\n" for i in range(1, 99)): "more than 64",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: BAD[text][:40])
def test_tables_that_cannot_be_used_are_refused_in_one_sentence(write, text):
    path = write(text)
    with pytest.raises(UserError, match=BAD[text]) as refusal:
        read_table(path)
    told = str(refusal.value)
    assert str(path) in told
    assert "\n" not in told
    assert told.endswith(".")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError, match="Cannot read"):
            read_table(path)


def test_line_numbers_do_not_depend_on_the_chunk(write):
    path = write(GOOD.replace("3,b,2,0", "3,b,2,9"))
    for chunk in (1, 2, 4, 100):
        with pytest.raises(UserError, match="line 7: `correct`"):
            read_table(path, chunk=chunk)


def test_words_a_byte_order_mark_and_other_columns_are_read(write):
    same = GOOD.replace(",1\n", ",True\n").replace(",0\n", ",false\n").replace("correct", "correct,note").encode()
    same = same.replace(b"True", b"True,x").replace(b"false", b"false,")
    found, expected = read_table(write(b"\xef\xbb\xbf" + same)), read_table(write(GOOD, "other.csv"))
    np.testing.assert_array_equal(found.counts, expected.counts)
    assert (found.rows, found.tasks, found.agents, found.groups, found.size) == (6, 3, 2, 3, 2)
    np.testing.assert_array_equal(found.counts, [[1, 1, 1]])


def by_hand(frame, size):
    """The sums, task by task in plain loops."""
    strata = sorted({(row.compute, "") for row in frame.itertuples()})
    sums = np.zeros((6, len(strata)))
    counts = np.zeros((len(strata), size + 1))
    for (_, compute), rows in frame.groupby(["task", "compute"]):
        place = strata.index((compute, ""))
        votes = pairs = agreement = signed = 0
        for _, own in rows.groupby("group"):
            total = int((2 * own.correct - 1).sum())
            votes, signed = votes + len(own), signed + total
            pairs, agreement = pairs + len(own) * (len(own) - 1), agreement + total**2 - len(own)
            if len(own) == size:
                counts[place, int(own.correct.sum())] += 1
        sums[:, place] += (votes, signed, votes**2, signed**2, pairs, agreement)
    return strata, sums, counts


@settings(max_examples=15)
@given(data=st.data())
def test_sums_are_those_of_plain_loops_in_any_order_and_chunk(data, tmp_path_factory):
    places = list(itertools.product(range(4), (1.0, 4.0), "xy", "ab"))
    kept = data.draw(st.lists(st.sampled_from(places), min_size=10, unique=True))
    right = data.draw(st.lists(st.integers(0, 1), min_size=len(kept), max_size=len(kept)))
    frame = pd.DataFrame(kept, columns=["task", "compute", "group", "agent"]).assign(correct=right)
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    frame.to_csv(path, index=False)
    try:
        table = read_table(path, chunk=data.draw(st.integers(1, 20)))
    except UserError as error:
        assert any(word in str(error) for word in ("every outcome", "one task", "no two votes"))  # noqa: PT017
        return
    strata, sums, counts = by_hand(frame, table.size)
    assert list(table.strata) == strata
    np.testing.assert_array_equal([column.sum(axis=0) for column in table.totals], sums)
    np.testing.assert_array_equal(table.counts, counts)


def test_many_tasks_share_hands_and_keep_their_sums(write):
    count = HANDS + 100
    rows = "".join(
        f"{task},{agent},1,{(task * 7 + len(agent)) % 3 % 2}\n" for task in range(count) for agent in ("a", "bb")
    )
    table = read_table(write("task,agent,compute,correct\n" + rows), chunk=1000)
    assert table.totals.votes.shape == (HANDS, 1)
    assert table.totals.votes.sum() == 2 * count
    # Squares are of tasks, not of hands.
    assert table.totals.votes_squared.sum() == 4 * count

"""Tables as they should not be: handled, or an error that says what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
import zstandard
from commands import dataqa as command

import dataqa
from dataqa.errors import InputError
from dataqa.tables.files import read_table, write_table

KIND = pl.Series("kind", ["a", "b", "c", "b"] * 75)


def synthetic(*columns: pl.Series, **settings: object) -> pl.DataFrame:
    return dataqa.synthesize(pl.DataFrame([KIND, *columns]), seed=1, **settings).frame  # pyright: ignore[reportArgumentType]


def test_a_constant_column_stays_one():
    assert synthetic(pl.Series("same", ["x"] * 300))["same"].unique().to_list() == ["x"]


def test_a_column_without_any_value_stays_one():
    made = synthetic(pl.Series("none", [None] * 300), pl.Series("text", [""] * 300))
    assert made["none"].null_count() == 300
    assert made["text"].unique().to_list() == [""]


def test_one_row_is_too_few():
    with pytest.raises(InputError, match="1 rows are too few"):
        dataqa.synthesize(pl.DataFrame({"a": [1]}))


def test_a_table_without_columns_or_rows():
    with pytest.raises(InputError, match="no columns"):
        dataqa.synthesize(pl.DataFrame())
    with pytest.raises(InputError, match="0 rows"):
        dataqa.synthesize(pl.DataFrame({"a": pl.Series([], dtype=pl.String)}))


def test_mixed_types_are_kept_apart():
    values = [str(row % 40) for row in range(280)] + ["unknown"] * 10 + ["?"] * 10
    made = synthetic(pl.Series("mixed", values), hints={"mixed": "integer"})["mixed"]
    assert {"unknown", "?"} <= set(made)
    assert made.str.contains(r"^\d+$|^unknown$|^\?$").all()


def test_two_columns_of_one_name(tmp_path: Path):
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="two columns are called 'a'"):
        read_table(path)


def test_a_category_of_nearly_as_many_values_as_rows_is_stopped_and_named():
    values = pl.Series("ref", [f"k-{row * 7919 % 100_003}" for row in range(300)])
    with pytest.raises(InputError, match="ref: looks like an identifier") as caught:
        synthetic(values)
    assert "kind: id" in caught.value.hint
    assert "k-7919" not in str(caught.value)
    made = synthetic(values, hints={"ref": "id"})["ref"]
    assert made.str.contains(r"^k-\d+$").all()
    assert "ref" not in synthetic(values, hints={"ref": "drop"}).columns
    with pytest.raises(InputError, match="hardly a value that two rows share"):
        synthetic(values, hints={"ref": "category"})


def test_a_huge_category_is_learnt_without_its_rare_values():
    values = [f"town {row % 5000 if row % 2 else row % 40}" for row in range(20_000)]
    kinds = ["a", "b"] * 10_000
    made = dataqa.synthesize(pl.DataFrame({"town": values, "kind": kinds}), seed=1).frame
    counts = pl.Series(values).value_counts()
    known = set(counts.filter(pl.col("count") >= 5)[""])
    assert set(made["town"]) == known
    assert len(known) == 20


def test_dates_that_are_none_are_left_out_and_counted():
    days = [f"2021-{row % 12 + 1:02d}-{row % 28 + 1:02d}" for row in range(297)]
    frame = pl.DataFrame([KIND, pl.Series("day", [*days, "2021-13-45", "soon", "9999"])])
    made = dataqa.synthesize(frame, seed=1)
    assert made.frame["day"].str.contains(r"^2021-\d\d-\d\d$").all()
    assert made.report["rare"] == {"day": 3}
    with pytest.raises(InputError, match="none of its values are dates"):
        synthetic(pl.Series("d", ["x", "y", "z"] * 100), hints={"d": "date"})


def test_what_is_infinite_or_no_number_is_kept_apart():
    values = [float(row % 50) for row in range(270)] + [float("inf")] * 20 + [float("nan")] * 10
    made = synthetic(pl.Series("f", values))["f"]
    assert made.is_infinite().sum() > 3
    assert made.is_nan().sum() > 0
    finite = made.filter(made.is_finite())
    assert 0 <= (finite.min() or 0) <= (finite.max() or 0) <= 49  # pyright: ignore[reportOperatorIssue]


def test_ten_thousand_columns_are_too_many():
    frame = pl.DataFrame({f"c{at}": [0, 1] * 10 for at in range(10_000)})
    with pytest.raises(InputError, match="10,000 columns are too many"):
        dataqa.synthesize(frame)


def test_free_text_and_nested_columns_are_refused():
    remarks = pl.Series("note", [f"she said number {row} of all of them" for row in range(300)])
    with pytest.raises(InputError, match="note: free text"):
        synthetic(remarks)
    with pytest.raises(InputError, match="a column of List"):
        synthetic(pl.Series("list", [[1]] * 300))


def test_only_private_columns_leave_nothing_to_learn():
    ids = pl.DataFrame({"id": [f"a{row}" for row in range(50)]})
    with pytest.raises(InputError, match="no column is left"):
        dataqa.synthesize(ids)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.csv.gz", "t.parquet"])
def test_files_go_out_marked_and_come_back(name: str, tmp_path: Path):
    frame = pl.DataFrame({"zip": ["01020", "90210"], "say": ['a,"b"', None]})
    path = tmp_path / name
    files = write_table(frame, path, {"synthetic": True})
    assert read_table(path).equals(frame)
    if name == "t.parquet":
        assert '"synthetic": true' in pl.read_parquet_metadata(path)["dataqa.synthetic"]
    else:
        assert '"synthetic": true' in files[1].read_text(encoding="utf-8")


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="of no kind"):
        read_table(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "t.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is damaged"):
        read_table(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_bytes(b"")
    with pytest.raises(InputError, match="no rows"):
        read_table(tmp_path / "t.csv")


def test_files_that_are_not_whole_say_what_is_wrong(tmp_path: Path):
    path = tmp_path / "t.csv"
    for data, what, hint in (
        (b"a,b\n" + b"1,2\n" * 25 + b"1,2,3\n", "more values than there are names", "quote"),
        (b"a,b\n" + b"caf\xe9,1\n" * 30, "not written in UTF-8", "iconv"),
        ("naïve,b\n".encode("latin1") + b"1,2\n" * 30, "not written in UTF-8", "iconv"),
        ("a,b\n1,2\n".encode("utf-16"), "not written in UTF-8", "iconv -f UTF-16"),
    ):
        path.write_bytes(data)
        with pytest.raises(InputError, match=what) as caught:
            read_table(path)
        assert hint in caught.value.hint
    path.write_bytes(b"a,b\n")
    with pytest.raises(InputError, match="0 rows are too few"):
        dataqa.synthesize(read_table(path))


def test_the_largest_numbers_there_are_pass_without_a_warning():
    values = [1e308, -1e308, 1.5, 2.25, float("inf"), float("nan")] * 50
    made = synthetic(pl.Series("v", values))["v"]
    assert set(made.drop_nans()) <= set(values)


def test_values_of_all_sorts_in_one_column_are_categories():
    sorts = ["12", "abc", "2020-01-02", "?", "3.5", "yes", "$4"]
    made = synthetic(pl.Series("mixed", [sorts[row * 7919 % 7] for row in range(300)]))
    assert set(made["mixed"]) == set(sorts)


def test_dates_in_two_forms_are_stopped_and_can_be_told():
    days = [
        f"{row % 16 + 13}/{row % 12 + 1}/20{row % 20:02d}" if row % 2 else f"soon {row}"
        for row in range(300)
    ]
    with pytest.raises(InputError, match="d: looks like an identifier") as caught:
        synthetic(pl.Series("d", days))
    assert "date" in caught.value.hint
    told = {"d": {"kind": "date", "format": "%d/%m/%Y"}}
    made = synthetic(pl.Series("d", days), hints=told)["d"]
    assert made.str.contains(r"^\d\d/\d\d/20\d\d$").all()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("one", "a,b\n1,2\n", "1 rows are too few"),
        ("twice", "a,b,a\n" + "1,2,3\n" * 30, "two columns are called 'a'"),
        ("wide", ",".join(f"c{at}" for at in range(10_000)) + "\n", "10,000 columns are too many"),
        (
            "ids",
            "k,ref\n" + "".join(f"{row % 3},k-{row * 7919 % 100_003}\n" for row in range(300)),
            "ref: looks like an identifier",
        ),
    ],
)
def test_the_command_says_what_is_wrong_and_writes_nothing(
    name: str, text: str, says: str, tmp_path: Path
):
    path, out = tmp_path / f"{name}.csv", tmp_path / "out.csv"
    path.write_text(text, encoding="utf-8")
    told = command("synth", "table", path, "-o", out)
    assert told.code == 2
    assert says in told.err
    assert "Hint: " in told.err
    assert "k-7919" not in told.err
    assert not out.exists()


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_compressed_table_is_read_to_its_end_or_not_at_all(ending: str, tmp_path: Path):
    frame = pl.DataFrame({"a": [str(at * 7919 % 5003) for at in range(4000)]})
    path = tmp_path / f"t.csv.{ending}"
    write_table(frame, path, {})
    whole = path.read_bytes()
    assert read_table(path).equals(frame)
    plain = frame.head(3).write_csv(include_header=False).encode()
    more = gzip.compress(plain) if ending == "gz" else zstandard.compress(plain)
    path.write_bytes(whole + more)
    assert read_table(path).height == 4003
    for size in (len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="damaged or cut off"):
            read_table(path)
    path.write_bytes(whole[:20] + bytes(40) + whole[60:])
    with pytest.raises(InputError, match="damaged"):
        read_table(path)

"""Outputs appear whole or not at all."""

from __future__ import annotations

import stat

import pytest

from storage_opt.errors import InputError
from storage_opt.io.atomic import MARK, atomic_file, atomic_folder, refuse_input_file, refuse_unsafe_folder


def _names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def _write(folder, text):
    with atomic_folder(folder) as staged:
        (staged / MARK).write_text(text, encoding="utf-8")
        (staged / "bill.csv").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_file_leaves_the_old_one(tmp_path, failure):
    target = tmp_path / "deep" / "file.txt"
    with atomic_file(target) as staged:
        staged.write_text("old", encoding="utf-8")

    def interrupted():
        with atomic_file(target) as staged:
            staged.write_text("half", encoding="utf-8")
            raise failure

    with pytest.raises(failure):
        interrupted()
    assert target.read_text(encoding="utf-8") == "old"
    assert _names(tmp_path) == ["deep", "file.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_folder_leaves_nothing(tmp_path, failure):
    def interrupted():
        with atomic_folder(tmp_path / "a" / "out") as staged:
            (staged / "half.csv").write_text("half", encoding="utf-8")
            raise failure

    with pytest.raises(failure):
        interrupted()
    assert _names(tmp_path) == []


def test_an_interrupted_second_run_leaves_the_first(tmp_path):
    _write(tmp_path / "out", "first")

    def interrupted():
        with atomic_folder(tmp_path / "out") as staged:
            (staged / MARK).write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "out" / MARK).read_text(encoding="utf-8") == "first"
    assert _names(tmp_path / "out") == ["bill.csv", MARK]


def test_a_second_run_replaces_the_first(tmp_path):
    _write(tmp_path / "out", "first")
    _write(tmp_path / "out", "second")
    assert (tmp_path / "out" / "bill.csv").read_text(encoding="utf-8") == "second"
    assert _names(tmp_path / "out") == ["bill.csv", MARK]


def test_others_may_read_what_was_written(tmp_path):
    _write(tmp_path / "out", "x")
    plain = tmp_path / "plain"
    plain.mkdir()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("name", ["site.toml", "thesis.docx"])
def test_a_folder_with_other_files_is_refused(tmp_path, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"outputs|did not write"):
        refuse_unsafe_folder(tmp_path)
    assert _names(tmp_path) == [name]


def test_inputs_are_never_written_over(tmp_path):
    site = tmp_path / "my.toml"
    site.write_text("name", encoding="utf-8")
    for source in (site, tmp_path):
        with pytest.raises(InputError, match="folder of a site"):
            refuse_unsafe_folder(tmp_path, [source])
    refuse_unsafe_folder(tmp_path / "out", [site])


def test_a_file_in_place_of_the_folder_and_a_folder_in_place_of_the_file(tmp_path):
    (tmp_path / "out").write_text("file", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"), atomic_folder(tmp_path / "out"):
        pass
    with pytest.raises(InputError, match="is a folder"), atomic_file(tmp_path):
        pass


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("file", encoding="utf-8")
    with pytest.raises(InputError, match="cannot write"), atomic_folder(tmp_path / "file" / "out"):
        pass
    with pytest.raises(InputError, match="cannot write"), atomic_file(tmp_path / "file" / "out.csv"):
        pass


def test_an_output_file_that_is_an_input_is_refused_by_whatever_name(tmp_path):
    read, other = tmp_path / "read.csv", tmp_path / "other.csv"
    read.write_text("mine", encoding="utf-8")
    (tmp_path / "soft.csv").symlink_to(read)
    (tmp_path / "hard.csv").hardlink_to(read)
    for name in ("read.csv", "soft.csv", "hard.csv", "deep/../read.csv"):
        with pytest.raises(InputError, match="is an input"):
            refuse_input_file(tmp_path / name, (other, read))
    refuse_input_file(tmp_path / "new.csv", (other, read))

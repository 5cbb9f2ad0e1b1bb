import re
import shlex
import subprocess
import sys

import pytest

from storage_opt.cli.examples import EXAMPLES
from tests.support.commands import LEAVES, TOP


def _python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_every_command_has_examples_and_no_others_do():
    assert set(LEAVES) == set(EXAMPLES)
    assert set(TOP) == {"bill", "check", "explain", "init", "optimize", "profiles", "size", "tariff"}
    assert {"tariff list", "tariff products", "tariff show", "tariff export"} < set(LEAVES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_of_a_command_shows_its_examples_line_by_line(run, name):
    lines = run(*name.split(), "--help").stdout.splitlines()
    assert "  Examples:" in lines
    assert [line for line in lines if line.strip() in EXAMPLES[name]] == [
        f"    {example}" for example in EXAMPLES[name]
    ]


@pytest.mark.parametrize("example", [example for examples in EXAMPLES.values() for example in examples])
def test_examples_are_understood(example):
    words = shlex.split(re.split(r" [|>]+ ", example)[0])[1:]
    deep = 2 if words[0] not in LEAVES else 1
    name = " ".join(words[:deep])
    with LEAVES[name].make_context(name, words[deep:]) as context:
        assert context.params


def test_summaries_fit_their_line(run):
    text = run("--help").stdout
    for shown, number in ((text, len(TOP)), (run("tariff", "--help").stdout, 4)):
        summaries = shown.split("Commands:\n")[1].splitlines()
        assert len(summaries) == number
        assert all(line.endswith(".") and not line.endswith("...") for line in summaries)
    assert "Exit codes: 0 ok, 2 input, 3 infeasible or unbounded, 4 solver, 130 interrupted." in text


def test_module_and_command_are_the_same():
    done = _python("-m", "storage_opt", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: storage-opt [OPTIONS] COMMAND [ARGS]...")


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from storage_opt.cli import main\n"
        "sys.argv = ['storage-opt', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as leave:\n    assert not leave.code\n"
        "heavy = {'cvxpy', 'numpy', 'pandas', 'pydantic', 'matplotlib', 'pyarrow', 'rich', 'scipy'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & sys.modules.keys())))"
    )
    done = _python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["nonsense"], ["check"], ["check", "a", "--nonsense"], ["check", "a", "-f", "xml"]])
def test_a_wrong_command_line_is_wrong_input(run, words):
    assert "Error: " in run(*words, code=2).stderr

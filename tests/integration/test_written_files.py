"""Every command that writes a file: over nothing that matters, over another file only when told to, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import Said, Shell
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import demo
from watcher.config.__main__ import main as renew
from watcher.config.themes import ThemesRead
from watcher.errors import ConfigurationError
from watcher.setup import starter

RECORDS = [Planted(paper(1, title="Agrin at the neuromuscular junction", created="2026-03-04", abstract="MuSK. " * 100))]
THEMES = "Ageing: [sarcopenia]\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A lab that has sent a digest, with a backup of its own making, a secret, themes and a file of the user's."""
    monkeypatch.setenv("WATCHER_SECRETS_DIR", str(tmp_path / "run-secrets"))
    for name, text in {
        "run-secrets/watcher_pubmed__api_key": "sample-key",
        "secrets/unused": "kept",
        "elsewhere/lab_mail_url": "",
        "config/themes/nmj.yaml": THEMES,
        "config/notes.txt": "kept",
        "papers.ris": "kept",
        "data/models/lab--tiny/model.onnx": "kept",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with lab(tmp_path, RECORDS, monkeypatch) as one:
        del one.document["pubmed"]["api_key"]
        mail = one.document["channels"]["lab-mail"]
        (tmp_path / "elsewhere" / "lab_mail_url").write_text(mail.pop("url"))
        mail["url_file"] = "elsewhere/lab_mail_url"
        one.write()
        one.tick("2026-03-02T09:00")
        (tmp_path / "data" / "backups").mkdir(exist_ok=True)
        (tmp_path / "data" / "backups" / "watcher-20260302T080000Z-weekly.db").write_text("kept")
        one.move_clock("2026-03-06T09:00")
        one.tick("2026-03-06T09:00")
        yield Shell(one, monkeypatch, capsys)


def everything(folder: Path) -> dict[str, bytes]:
    """All files but those that any command that looks may leave beside the database."""
    passing = ("-wal", "-shm", ".lock")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(passing) and path.name != "clock"
    }


GUARDED = [
    "data/watcher.db",
    "data/watcher.db-wal",
    "data/watcher.db-shm",
    "data/watcher.db-journal",
    "data/watcher.db.damaged",
    "data/locks/at-work.lock",
    "data/locks/new",
    "data/backups/watcher-20260302T080000Z-weekly.db",
    "data/models/lab--tiny/model.onnx",
    "config/watcher.yaml",
    "config/notes.txt",
    "config/themes/nmj.yaml",
    "config/themes/als.yaml",
    "seeds/nmj/agrin.txt",
    "secrets/unused",
    "elsewhere/lab_mail_url",
    "run-secrets/watcher_pubmed__api_key",
    "clock",
]
COMMANDS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "export": lambda file: ("export", "--out", file),
    "digest": lambda file: ("digest", "lab-weekly", "--out", file),
    "dry digest": lambda file: ("digest", "lab-weekly", "--dry-run", "--out", file),
    "backup": lambda file: ("backup", file),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_writes_over_what_matters_whatever_it_is_told(command: str, shell: Shell) -> None:
    words, folder = COMMANDS[command], shell.lab.folder
    before = everything(folder)

    for name in GUARDED:
        for more in ((), ("--force",)):
            said = shell(*words(name), *more)

            assert (said.code, said.out) == (1, ""), name
            assert said.err.startswith(f"{name}: this is "), name
            assert said.err.endswith(", and no command writes over it\n    name another file\n"), name
    assert everything(folder) == before
    assert (shell.lab.mail.mails, shell.lab.slack.posts) == ([], [])


@pytest.mark.parametrize("command", COMMANDS)
def test_links_and_folders_that_lead_there_are_seen_through(command: str, shell: Shell) -> None:
    words, folder = COMMANDS[command], shell.lab.folder
    (folder / "soft").symlink_to("data/watcher.db")
    (folder / "hard").hardlink_to(folder / "data" / "watcher.db")
    (folder / "seed").hardlink_to(folder / "seeds" / "nmj" / "agrin.txt")
    (folder / "not yet").symlink_to("data/watcher.db-journal")
    (folder / "kept").symlink_to("data")
    before = everything(folder)

    for name in ("soft", "hard", "seed", "not yet", "kept/watcher.db", "seeds/../data/watcher.db", "data", "config", "."):
        said = shell(*words(name), "--force")

        assert (said.code, said.out) == (1, ""), name
        assert "this is " in said.err, name
    assert everything(folder) == before
    assert shell.lab.mail.mails == []


@pytest.mark.parametrize("command", COMMANDS)
def test_another_file_is_replaced_only_with_force_and_nothing_is_sent_before_that_is_known(command: str, shell: Shell) -> None:
    words, folder = COMMANDS[command], shell.lab.folder

    refused = shell(*words("papers.ris"))
    kept, sent = (folder / "papers.ris").read_text(), len(shell.lab.mail.mails)
    done = shell(*words("papers.ris"), "--force")

    assert (refused.code, done.code) == (1, 0)
    assert refused.err == "papers.ris: there is a file already\n    name another one, or replace it with --force\n"
    assert (kept, sent) == ("kept", 0)
    assert (folder / "papers.ris").read_bytes() != b"kept"


NEW = {
    "seeds/nmj/papers.ris": "is read as seeds at the next look",
    "seeds/new/papers.ris": "is read as seeds at the next look",
    "soft/papers.ris": "is read as seeds at the next look",
    "secrets/papers.ris": "may be read as a secret",
    "config/papers.ris": "belongs to the configuration, where no command replaces it",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_new_file_where_it_would_be_read_needs_force_and_nothing_is_sent_before(command: str, shell: Shell) -> None:
    words, folder = COMMANDS[command], shell.lab.folder
    (folder / "soft").symlink_to("seeds/nmj")
    before = everything(folder)

    for name, becomes in NEW.items():
        said = shell(*words(name))

        assert (said.code, said.out) == (1, ""), name
        assert said.err == f"{name}: a new file here {becomes}\n    name another place, or write it here with --force\n"
    assert everything(folder) == before
    assert (shell.lab.mail.mails, shell.lab.slack.posts) == ([], [])


@pytest.mark.parametrize("command", COMMANDS)
def test_with_force_a_new_file_may_stand_among_the_seeds(command: str, shell: Shell) -> None:
    words, folder = COMMANDS[command], shell.lab.folder

    done = shell(*words("seeds/nmj/papers.ris"), "--force")

    assert done.code == 0
    assert (folder / "seeds" / "nmj" / "papers.ris").is_file()


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_a_dash_is_standard_output(name: str, shell: Shell) -> None:
    plain, dash = shell("export", "--watch", "nmj"), shell("export", "--watch", "nmj", "--out", name)

    assert plain.out.startswith("TY  - ")
    assert (dash.code, dash.out) == (0, plain.out)
    assert not (shell.lab.folder / "-").exists()


FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))"


def test_on_a_full_disk_the_file_that_was_there_stays_whole(shell: Shell) -> None:
    folder = shell.lab.folder

    for name, before in {"papers.ris": b"kept", "new.ris": None}.items():
        with shell.lab.app() as app:
            app.store.facts()  # what SQLite keeps beside the database is there, so that looking writes nothing
            said = shell.fork("export", "--watch", "nmj", "--out", name, "--force", code=FULL).end()

        assert said.code == 1
        assert f"{name}: cannot be written: File too large\n    make room on the disk" in said.out
        assert ((folder / name).read_bytes() if (folder / name).exists() else None) == before
    assert list(folder.glob(".*")) == []


def test_what_themes_writes_is_read_back_by_the_reader_that_will_use_it(shell: Shell) -> None:
    """The shipped seeds give names of themes of more than 60 characters."""
    folder = shell.lab.folder
    for file in (starter.shipped() / "seeds" / "nmj").iterdir():
        (folder / "seeds" / "nmj" / file.name).write_bytes(file.read_bytes())
    (folder / "config" / "themes" / "nmj.yaml").unlink()

    wrote, checked, shown = shell("themes", "nmj", "--write"), shell("check"), shell("themes", "nmj")

    assert (wrote.code, wrote.err, checked.code) == (0, "", 0)
    assert "themes of its own" in checked.out
    assert "nmj.yaml" in shown.out.splitlines()[0]


def test_a_file_of_themes_is_replaced_only_with_force(shell: Shell) -> None:
    file = shell.lab.folder / "config" / "themes" / "nmj.yaml"

    said = shell("themes", "nmj", "--write")

    assert (said.code, said.err) == (1, f"{file}: this file is there already\n    edit it, or say --force to replace it\n")
    assert file.read_text() == THEMES


def test_themes_that_could_not_be_read_are_not_written(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    file = shell.lab.folder / "config" / "themes" / "nmj.yaml"
    monkeypatch.setattr("watcher.setup.themes.document", lambda *_: f"{'x' * 101}: [word]\n")

    said = shell("themes", "nmj", "--write", "--force")

    assert said.code == 1
    assert "this is no name of a theme" in said.err
    assert file.read_text() == THEMES
    assert [one.name for one in file.parent.iterdir()] == ["nmj.yaml"]


def test_a_watch_whose_seeds_have_no_text_gets_no_empty_file_of_themes(shell: Shell) -> None:
    folder = shell.lab.folder
    for file in (folder / "seeds" / "nmj").iterdir():
        file.unlink()
    (folder / "seeds" / "nmj" / "papers.list").write_text("41224659\n")

    said = shell("themes", "nmj", "--write", "--force")

    assert said.code == 1
    assert "have no text that themes could be found in" in said.err
    assert (folder / "config" / "themes" / "nmj.yaml").read_text() == THEMES


def test_themes_are_not_written_through_a_link_to_the_database(shell: Shell) -> None:
    file = shell.lab.folder / "config" / "themes" / "nmj.yaml"
    shell.monkeypatch.setattr("watcher.config.read_themes", lambda *_: ThemesRead({}))  # else the database is read as themes
    file.unlink()
    file.symlink_to("../../data/watcher.db")
    before = everything(shell.lab.folder)

    said = shell("themes", "nmj", "--write", "--force")

    assert (said.code, "this is the database" in said.err) == (1, True)
    assert everything(shell.lab.folder) == before


def test_init_follows_no_link_and_leaves_no_half_file(shell: Shell) -> None:
    new = shell.lab.folder / "new"
    (new / "config").mkdir(parents=True)
    (new / "config" / "watcher.yaml").symlink_to("../../not-there.yaml")

    said = shell("init", "new", "--example", "nmj")
    full = shell.fork("init", "full", "--example", "nmj", code=FULL).end()

    assert said.code == 0
    assert f"kept  {Path('new/config/watcher.yaml')}\n" in said.out
    assert not (shell.lab.folder / "not-there.yaml").exists()
    assert (full.code, "make room on the disk" in full.out) == (1, True)
    assert all(path.stat().st_size <= 300 for path in (shell.lab.folder / "full").rglob("*") if path.is_file())
    assert list((shell.lab.folder / "full").rglob("*.part")) == []


# --- the demo


def test_the_demo_keeps_away_from_the_configuration_that_is_in_use(shell: Shell) -> None:
    (shell.lab.folder / ".watcher-demo").touch()
    before = everything(shell.lab.folder)

    said: list[Said] = [shell("demo", "--out", name) for name in (".", "../" + shell.lab.folder.name)]

    assert [one.code for one in said] == [1, 1]
    assert "the configuration or the database that you work with lies here" in said[0].err
    assert everything(shell.lab.folder) == before


@pytest.mark.parametrize("change", ["config/watcher.yaml", "seeds/nmj/mine.txt", "thesis.docx"])
def test_a_demos_folder_that_somebody_works_in_is_left_alone(change: str, tmp_path: Path) -> None:
    out = tmp_path / "demo-out"
    demo._cleared(out)
    for _ in starter.write(out):
        pass
    (out / ".watcher-demo").write_text(json.dumps(demo._hashes(out)))
    (out / change).write_text("mine")

    with pytest.raises(ConfigurationError, match=rf"{change.rpartition('/')[0] or change}.* is not what the demo wrote\n.*--out"):
        demo._cleared(out)

    assert (out / change).read_text() == "mine"


# --- the project's own files


def test_the_schema_is_renewed_only_in_the_projects_folder(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "watcher.schema.json").write_text("kept")

    with pytest.raises(ConfigurationError, match=r"configuration\.md: there is no such file\n    run this in the project's folder"):
        renew(tmp_path)

    assert (tmp_path / "config" / "watcher.schema.json").read_text() == "kept"


def test_a_backup_through_a_shell_redirection_is_refused(shell: Shell) -> None:
    os.mkfifo(shell.lab.folder / "pipe")

    said = shell("backup", "pipe", "--force")

    assert (said.code, said.err) == (1, "pipe: this is no file, but a device\n    name a file\n")

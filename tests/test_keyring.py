"""The key file keeps what was made once, for its owner only."""

import os
import stat
import threading

import pytest

from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.keyring import Keyring, Keys, default_path


def test_keys_are_made_once_and_then_kept(tmp_path):
    ring = Keyring(tmp_path / "config" / "keys.json")
    first = ring.make("c1", "shop", Keys.fresh())
    assert ring.make("c1", "shop", Keys.fresh()) == first == ring.get("c1", "shop")


def test_each_swarm_and_root_has_keys_of_its_own(tmp_path):
    ring = Keyring(tmp_path / "keys.json")
    made = [ring.make(c, r, Keys.fresh()) for c in ("c1", "c2") for r in ("shop", "blog")]
    assert len({keys.key for keys in made}) == 4
    assert ring.get("c3", "shop") is None


def test_the_file_is_readable_by_its_owner_only(tmp_path):
    ring = Keyring(tmp_path / "keys.json")
    ring.make("c1", "shop", Keys.fresh())
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_two_at_once_agree_on_the_same_keys(tmp_path):
    made = []
    ring = Keyring(tmp_path / "keys.json")
    threads = [
        threading.Thread(target=lambda: made.append(ring.make("c", "s", Keys.fresh()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({keys.key for keys in made}) == 1


@pytest.mark.parametrize("text", ["", "[]", "{", '{"c/s": 1}', '{"c/s": {"key": "zz", "seed": ""}}'])
def test_a_broken_file_is_said_to_be_broken_and_kept(tmp_path, text):
    ring = Keyring(tmp_path / "keys.json")
    ring.path.write_text(text)
    with pytest.raises(InvalidInput, match="cannot be read"):
        ring.make("c", "s", Keys.fresh())
    assert ring.path.read_text() == text


def test_nothing_prints_a_key():
    keys = Keys(b"\x01" * 32, b"\x02" * 32)
    assert "\\x01" not in repr(keys)


def test_the_variable_goes_before_the_configuration_folder():
    assert str(default_path({"AILTIRE_KEY_FILE": "/k", "XDG_CONFIG_HOME": "/x"})) == "/k"
    assert str(default_path({"XDG_CONFIG_HOME": "/x"})) == "/x/ailtire-deploy/keys.json"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_plain_file_is_an_error_and_never_waited_for(tmp_path, kind):
    path = tmp_path / "keys.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(InvalidInput, match="cannot be read"):
        Keyring(path).get("c1", "shop")


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="cannot be written"):
        Keyring(tmp_path / "file" / "keys.json").make("c1", "shop", Keys.fresh())

"""A mail server as institutes run them, for the length of a block: Postfix takes mails on loopback, greylists by postgrey, hands over to
Dovecot by LMTP, and Dovecot gives them back by IMAP.

Everything lies in one new folder: configuration, queue, mailboxes, certificates. The machine's own Postfix and Dovecot are not touched,
and no mail leaves loopback: what is not for a mailbox of `DOMAIN` is an error. Postfix wants root.

    port      STARTTLS, login   greylisted   by `PostOffice`
    relay     no                no           `relay`: takes mail from this machine, as an institute's relay does
    grey      no                yes          `grey`
    login     yes               no           `submission`: STARTTLS before anything else, and a login
    tls       TLS from the start, and a login   `smtps`

Each process of Postfix serves one client (`max_use = 1`), so that what `set` changes is in force for whoever connects next.
"""

from __future__ import annotations

import imaplib
import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

DOMAIN = "uni-sample.de"
PATIENCE = 60.0
"""Seconds after which what was to happen counts as never happening; nothing is measured."""

DEBIAN = "apt-get install postfix dovecot-imapd dovecot-lmtpd postgrey"
_QUEUES = ("maildrop", "incoming", "active", "deferred")
"""Where Postfix has the mails that it has taken."""
_NEEDED = ("postfix", "dovecot", "postgrey", "openssl")
_SERVICES = """\
pickup    unix  n - n 60   1 pickup
cleanup   unix  n - n -    0 cleanup
qmgr      unix  n - n 300  1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -    - trivial-rewrite
bounce    unix  - - n -    0 bounce
defer     unix  - - n -    0 bounce
trace     unix  - - n -    0 bounce
verify    unix  - - n -    1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -    - proxymap
showq     unix  n - n -    - showq
error     unix  - - n -    - error
retry     unix  - - n -    - error
lmtp      unix  - - n -    - lmtp
anvil     unix  - - n -    1 anvil
scache    unix  - - n -    1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@cache
def missing() -> str:
    """Why there can be no post office here; "" when there can."""
    absent = [name for name in _NEEDED if _found(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed ({DEBIAN})"
    if os.geteuid() != 0:
        return "Postfix can be started by root alone"
    said = subprocess.run([_program("dovecot"), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - its own name
    return "" if said.startswith("2.3.") else f"the configuration here is that of Dovecot 2.3, and this is {said.strip()}"


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    found = _found(name)
    assert found is not None, f"no {name}"
    return found


def run(name: str, *words: str | Path) -> str:
    """What a program prints. It must end well."""
    with tempfile.TemporaryFile("w+") as out:  # no pipe: a server that is started would hold its end for ever
        done = subprocess.run([_program(name), *map(str, words)], stdout=out, stderr=out, check=False)  # noqa: S603 - the test's own
        out.seek(0)
        said = out.read()
    assert done.returncode == 0, f"{name} {words}: {said}"
    return said


def until(happened: Callable[[], bool], what: str, told: Callable[[], str] = str) -> None:
    """Return when something has happened; fail with what was told when it does not."""
    ends = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < ends, f"{what}: it does not happen\n{told()}"
        time.sleep(0.02)


@dataclass
class PostOffice:
    """The running servers, and what may be done to them. `passwords` are those of the mailboxes, by address."""

    folder: Path
    relay: int
    grey: int
    submission: int
    smtps: int
    imap: int
    policy: int
    passwords: dict[str, str] = field(default_factory=dict, init=False)
    _greylist: subprocess.Popen[bytes] | None = field(default=None, init=False)

    # --- who has a mailbox

    def open_mailbox(self, *addresses: str) -> None:
        """Give these addresses of `DOMAIN` a mailbox."""
        for address in addresses:
            self.passwords.setdefault(address, f"pw of {address}: ä&;/@#")
        self._write_addresses(self.passwords)

    def announce(self, address: str) -> None:
        """Let Postfix believe that there is such a mailbox, which Dovecot will not have."""
        self._write_addresses({**self.passwords, address: ""})

    def _write_addresses(self, known: Mapping[str, str]) -> None:
        maildirs = "".join(f"{address} {address}/\n" for address in known)
        (self.folder / "mailboxes").write_text(maildirs, encoding="utf-8")
        users = (
            f"{address}:{{PLAIN.b64}}{b64encode(password.encode()).decode()}\n" for address, password in self.passwords.items()
        )
        (self.folder / "users").write_text("".join(users), encoding="utf-8")

    # --- what the servers do

    def set(self, **parameters: str) -> None:
        """Change parameters of Postfix, for whoever connects next."""
        run("postconf", "-c", self.folder / "postfix", "-e", *(f"{name}={value}" for name, value in parameters.items()))

    def start(self) -> None:
        """Start Postfix."""
        run("postfix", "-c", self.folder / "postfix", "start")
        until(lambda: _greets(self.relay), "Postfix greets", self.told)

    def stop(self) -> None:
        """Stop Postfix; what it has taken stays in its queue."""
        run("postfix", "-c", self.folder / "postfix", "stop")
        until(lambda: not _is_open(self.relay), "Postfix has gone", self.told)

    def start_mailboxes(self) -> None:
        """Start Dovecot."""
        run("dovecot", "-c", self.folder / "dovecot.conf")
        until(lambda: _is_open(self.imap), "Dovecot listens", self.told)

    def stop_mailboxes(self) -> None:
        """Stop Dovecot."""
        run("doveadm", "-c", self.folder / "dovecot.conf", "stop")
        until(lambda: not self._has_dovecot, "Dovecot has gone", self.told)

    def end(self) -> None:
        """Stop what runs."""
        self.end_greylist()
        if (self.folder / "queue" / "pid" / "master.pid").exists() and _is_open(self.relay):
            self.stop()
        if self._has_dovecot:
            self.stop_mailboxes()

    @property
    def _has_dovecot(self) -> bool:
        return (self.folder / "dovecot" / "master.pid").exists()

    def flush(self) -> None:
        """Have Postfix try everything in its queue, and wait until the queue is empty."""
        config = self.folder / "postfix"
        run("postqueue", "-c", config, "-f")
        until(
            lambda: self._is_bare and "Mail queue is empty" in run("postqueue", "-c", config, "-p"), "the queue is empty", self.told
        )

    @property
    def _is_bare(self) -> bool:
        """Whether no file lies in the queue; `postqueue`, which is two new processes, need not be asked before."""
        return not any(path.is_file() for name in _QUEUES for path in (self.folder / "queue" / name).rglob("*"))

    @property
    def queued(self) -> int:
        """How many mails Postfix has taken and not delivered."""
        return run("postqueue", "-c", self.folder / "postfix", "-j").count("\n")

    def start_greylist(self) -> None:
        """Start a greylist that knows nobody, and lets pass whoever comes again after a second."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.chown(place, "postgrey")
        words = [
            f"--inet=127.0.0.1:{self.policy}",
            "--delay=1",
            "--auto-whitelist-clients=0",
            f"--dbdir={place}",
            "--user=postgrey",
        ]
        self._greylist = subprocess.Popen([_program("postgrey"), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        until(lambda: _is_open(self.policy), "postgrey listens", self.told)

    def end_greylist(self) -> None:
        """Stop it: Postfix refuses for now whom it cannot ask about."""
        if self._greylist is not None:
            self._greylist.terminate()
            self._greylist.wait()
            self._greylist = None

    # --- what arrived

    def inbox(self, address: str) -> list[bytes]:
        """The mails of a mailbox, by IMAP, in the order of their arrival."""
        with imaplib.IMAP4("127.0.0.1", self.imap) as mailbox:
            mailbox.authenticate("PLAIN", lambda _: f"\0{address}\0{self.passwords[address]}".encode())
            mailbox.select("INBOX", readonly=True)
            _, (numbers,) = mailbox.search(None, "ALL")
            return [_fetched(mailbox, number.decode()) for number in numbers.split()]

    def empty(self, address: str) -> None:
        """Throw a mailbox's mails away."""
        shutil.rmtree(self.folder / "mail" / address, ignore_errors=True)

    def told(self) -> str:
        """What the servers logged."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    @property
    def authority(self) -> Path:
        """The certificate of the CA that the servers' certificate is from."""
        return self.folder / "ca.pem"


def _fetched(mailbox: imaplib.IMAP4, number: str) -> bytes:
    _, (answer, *_) = mailbox.fetch(number, "(BODY.PEEK[])")
    assert isinstance(answer, tuple)
    return bytes(answer[1])


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True
    return False


def _greets(port: int) -> bool:
    with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE):
        return True
    return False


# --- setting up ----------------------------------------------------------------------------------------------------------------------


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """The servers, running, with nobody's mailbox and no greylist yet."""
    with tempfile.TemporaryDirectory(prefix="post-office-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postfix's and Dovecot's own users go in and out
        office = PostOffice(folder, *_free_ports(6))
        _certify(folder)
        _write_postfix(office)
        _write_dovecot(office)
        office.open_mailbox()
        try:
            office.start_mailboxes()
            office.start()
            yield office
        finally:
            office.end()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


def _certify(folder: Path) -> None:
    """A CA, and a certificate of its for localhost."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout")
    ca, ca_key, asked = folder / "ca.pem", folder / "ca.key", folder / "asked.pem"
    usage = ("-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", "-x509", *key, ca_key, "-out", ca, "-days", "30", "-subj", "/CN=Sample CA", *usage)
    run("openssl", "req", *key, folder / "key.pem", "-out", asked, "-subj", "/CN=localhost")
    said = folder / "extensions"
    said.write_text(
        "subjectAltName=DNS:localhost\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\nbasicConstraints=CA:FALSE\n"
    )
    signed = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "30", "-extfile", said)
    run("openssl", "x509", "-req", "-in", asked, *signed, "-out", folder / "certificate.pem")


def _write_postfix(office: PostOffice) -> None:
    folder = office.folder
    for name in ("postfix", "queue", "state"):
        (folder / name).mkdir()
    shutil.chown(folder / "state", "postfix")
    main = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "state",
        "command_directory": "/usr/sbin",
        "daemon_directory": "/usr/lib/postfix/sbin",
        "maillog_file": folder / "postfix.log",
        "maillog_file_prefixes": folder,
        "myhostname": f"mail.{DOMAIN}",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "loopback-only",
        "inet_protocols": "ipv4",
        "local_transport": "error:no local mail here",
        "default_transport": "error:no mail leaves this machine",
        "relay_transport": "error:no mail leaves this machine",
        "alias_maps": "",
        "virtual_mailbox_domains": DOMAIN,
        "virtual_mailbox_maps": f"texthash:{folder}/mailboxes",
        "virtual_transport": f"lmtp:unix:{folder}/lmtp",
        "message_size_limit": "10240000",
        "anvil_rate_time_unit": "1s",  # here, since a counter that runs goes on with the unit that it began with
        "smtpd_discard_ehlo_keywords": "8bitmime,smtputf8",  # RFC 6531, 3.1: the one is not without the other
        "strict_8bitmime": "yes",
        "smtpd_recipient_restrictions": "permit_mynetworks,reject",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": folder / "auth",
        "smtpd_tls_cert_file": folder / "certificate.pem",
        "smtpd_tls_key_file": folder / "key.pem",
        "minimal_backoff_time": "1s",
        "queue_run_delay": "1s",
        "max_use": "1",
    }
    (folder / "postfix" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in main.items()))
    login = "-o smtpd_sasl_auth_enable=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject -o mynetworks="
    greylist = f"check_policy_service,inet:127.0.0.1:{office.policy},permit_mynetworks,reject"
    doors = {
        office.relay: "",
        office.grey: f"-o smtpd_recipient_restrictions={greylist}",
        office.submission: f"-o smtpd_tls_security_level=encrypt {login}",
        office.smtps: f"-o smtpd_tls_wrappermode=yes {login}",
    }
    lines = [f"127.0.0.1:{port} inet n - n - - smtpd {options}\n" for port, options in doors.items()]
    (folder / "postfix" / "master.cf").write_text("".join([*lines, _SERVICES]))


def _write_dovecot(office: PostOffice) -> None:
    folder = office.folder
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", "mail", "mail")
    (folder / "dovecot.conf").write_text(f"""\
base_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {office.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")

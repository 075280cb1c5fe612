"""Real servers of a closed network, started on loopback for a test and ended with it: nginx, tinyproxy."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

from tests.deploy.installed import DEPLOY, ended, free_port, wait_for

PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    default_type application/octet-stream;
    types {{ text/html html; text/css css; application/json json; image/svg+xml svg; application/atom+xml xml; }}
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {site}
}}
"""


def nginx(site: str, folder: Path, stack: ExitStack, *ports: int) -> None:
    """Debian's nginx with this site; each of its ports answers when this returns."""
    folder.mkdir(parents=True)
    user = "user root;" if os.geteuid() == 0 else ""  # the test's folders are closed to others
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, site=site, user=user))
    said = (folder / "words").open("wb")
    stack.enter_context(ended(subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"],
                                               env={"PATH": PATH}, stdout=said, stderr=said)))
    said.close()
    for port in ports:
        wait_for(port)


@dataclass(frozen=True)
class Certificate:
    """A certificate that is its own authority."""

    certificate: Path
    key: Path


def certificate(folder: Path, *names: str) -> Certificate:
    made = Certificate(folder / f"{names[0]}.crt", folder / f"{names[0]}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={names[0]}",
                    "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-out", made.certificate,
                    "-keyout", made.key], check=True, capture_output=True)
    return made


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Message
    text: str


def asked(connection: HTTPConnection, path: str, headers: dict[str, str]) -> Answer:
    with closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())


@dataclass(frozen=True)
class Staff:
    """deploy/nginx/staff.conf, word for word but for ports, files and where koshiki listens."""

    port: int
    plain: int
    certificate: Certificate
    name: str = "koshiki.city.example.jp"

    def ask(self, path: str, come_from: str = "127.0.0.1", **headers: str) -> Answer:
        trusting = ssl.create_default_context(cafile=str(self.certificate.certificate))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return asked(_Named(self.name, self.port, trusting, come_from), path,
                     {"Host": f"{self.name}:{self.port}", **sent})

    def ask_plainly(self, path: str) -> Answer:
        return asked(HTTPConnection("127.0.0.1", self.plain, timeout=20), path, {"Host": self.name})


class _Named(HTTPSConnection):
    """To a server of this machine, by the name that its certificate has."""

    def __init__(self, name: str, port: int, trusting: ssl.SSLContext, come_from: str) -> None:
        super().__init__("127.0.0.1", port, timeout=20, context=trusting, source_address=(come_from, 0))
        self._name, self._trusting = name, trusting

    def connect(self) -> None:
        HTTPConnection.connect(self)
        self.sock = self._trusting.wrap_socket(self.sock, server_hostname=self._name)


def staff_site(behind: int, folder: Path, *, only: str = "") -> tuple[str, Staff]:
    """The site's text and how to ask it; `only`: in place of the networks that the file names."""
    text = (DEPLOY / "nginx/staff.conf").read_text()
    staff = Staff(free_port(), free_port(), certificate(folder, Staff.name))
    changes = {"listen 80;": f"listen 127.0.0.1:{staff.plain};", "listen 443 ssl": f"listen 127.0.0.1:{staff.port} ssl",
               "/etc/ssl/koshiki/staff.crt": str(staff.certificate.certificate),
               "/etc/ssl/koshiki/staff.key": str(staff.certificate.key), "127.0.0.1:8000": f"127.0.0.1:{behind}"}
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    if only:
        text = re.sub(r"^( *)allow .*\n(?: *allow .*\n)*", rf"\1allow {only};\n", text, flags=re.MULTILINE)
    return text, staff


def tinyproxy(folder: Path, stack: ExitStack, names: dict[str, str], *let_through: int) -> tuple[int, Path]:
    """A real proxy, for which the names mean what is said here; its port, and the file of what it did."""
    port, log = free_port(), folder / "proxy.log"
    allowed = "".join(f"ConnectPort {number}\n" for number in let_through)
    (folder / "tinyproxy.conf").write_text(
        f'Port {port}\nListen 127.0.0.1\nTimeout 60\nLogFile "{log}"\nLogLevel Connect\nMaxClients 20\n{allowed}')
    (folder / "hosts").write_text("".join(f"{address} {name}\n" for name, address in names.items()))
    library = next(Path("/usr/lib").glob("*/libnss_wrapper.so"))
    stack.enter_context(ended(subprocess.Popen(
        ["tinyproxy", "-d", "-c", folder / "tinyproxy.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"PATH": PATH, "LD_PRELOAD": str(library), "NSS_WRAPPER_HOSTS": str(folder / "hosts")})))
    wait_for(port)
    return port, log

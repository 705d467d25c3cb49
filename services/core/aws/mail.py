"""Mail: through Amazon SES in the cluster, to a folder or the terminal on a laptop."""

import asyncio
import contextlib
import datetime
import email.policy
import os
import re
import secrets
import sys
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from services.core.aws.client import Lazy, client_config, error_code

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sesv2.type_defs import SendEmailRequestTypeDef

DEFAULT_SENDER = "VoteWave <no-reply@localhost>"

# Narrower than RFC 5321: no quoted local parts, no address literals, nothing that could end a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TEMPORARY = re.compile(r"TooManyRequests|Throttling|LimitExceeded|RequestTimeout|Internal|ServiceUnavailable")


class MailError(Exception):
    """A mail wasn't taken.

    Attributes:
        temporary: Whether the same mail may be taken later.
    """

    def __init__(self, message: str, *, temporary: bool) -> None:
        super().__init__(message)
        self.temporary = temporary


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one person. Making one that could smuggle in a header raises `ValueError`.

    Attributes:
        to: The address alone, without a name.
        subject: One line.
        text: The body for readers of plain text.
        html: The same as HTML, if there is such a form.
        unsubscribe: A URL that unsubscribes by one POST (RFC 8058); for everything that isn't about the
            account itself.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe: str | None = None

    def __post_init__(self) -> None:
        check_address(self.to)
        if _CONTROL.search(self.subject):
            raise ValueError("a mail's subject is a single line without control characters")
        if self.unsubscribe is not None and not re.fullmatch(r"https?://[!-;=?-~]+", self.unsubscribe):
            raise ValueError("a mail's unsubscribe link is a URL in ASCII")


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over.

        Raises:
            MailError: It wasn't taken.
        """
        ...


def check_address(address: str) -> str:
    """Return a mail address.

    Raises:
        ValueError: It isn't one that can be written to; the message is fit for a user.
    """
    if len(address) > 254 or ".." in address or not _ADDRESS.fullmatch(address):
        raise ValueError("This isn't an e-mail address.")
    return address


def message(mail: Mail, sender: str) -> EmailMessage:
    """Return a mail with all its headers.

    Args:
        mail: The mail.
        sender: `Name <address>` or an address.
    """
    name, address = parseaddr(sender)
    check_address(address)
    user, _, domain = address.partition("@")
    built = EmailMessage(policy=email.policy.SMTP)
    built["From"] = Address(display_name=name, username=user, domain=domain)
    built["To"] = mail.to
    built["Subject"] = mail.subject
    built["Date"] = format_datetime(datetime.datetime.now(datetime.UTC))
    built["Message-ID"] = make_msgid(domain=domain)
    built["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    if mail.unsubscribe is not None:
        built["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        built["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    built.set_content(mail.text)
    if mail.html is not None:
        built.add_alternative(mail.html, subtype="html")
    return built


class ConsoleMailer:
    """Keeps each mail as a file that mail programs open, or prints it to stderr. For a developer's eyes only.

    Of a mail that is kept the terminal only says where: what scrolls by there is seen and recorded by others, and a
    mail holds an address and perhaps a voting token.

    Args:
        folder: Where `*.eml` files go; None keeps none and prints the mails instead.
        sender: `Name <address>`.
    """

    def __init__(self, folder: Path | None = None, sender: str = DEFAULT_SENDER) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Keep a mail or print it; see `Mailer.send`."""
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        built = message(mail, self._sender)
        if self._folder is not None:
            try:
                block = f"A mail: {self._keep(self._folder, built.as_bytes())}\n"
            except OSError as error:
                raise MailError(f"The mail can't be kept: {error.strerror}.", temporary=True) from error
        else:
            body = "\n".join(f"  {line}" for line in mail.text.splitlines())
            rule = "─" * 72
            block = f"{rule}\n  Mail to {mail.to}\n  {mail.subject}\n\n{body}\n{rule}\n"
        with contextlib.suppress(OSError, ValueError):  # a closed terminal loses no mail: it is in the folder
            sys.stderr.write(block)
            sys.stderr.flush()

    @staticmethod
    def _keep(folder: Path, data: bytes) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.datetime.now(datetime.UTC)
        path = folder / f"{now:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}.eml"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(data)
        return path


class SesMailer:
    """Amazon SES, version 2 of its API.

    Args:
        sender: `Name <address>`, verified in SES.
        configuration_set: The SES configuration set that reports bounces and complaints, if any.
    """

    def __init__(self, sender: str, configuration_set: str = "") -> None:
        message(Mail(to="a@example.org", subject="", text=""), sender)  # a wrong sender shows now, not at night
        self._sender = sender
        self._configuration_set = configuration_set
        self._client = Lazy(self._make_client)

    async def send(self, mail: Mail) -> None:
        """Hand a mail to SES; see `Mailer.send`."""
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

        request: SendEmailRequestTypeDef = {
            "Destination": {"ToAddresses": [mail.to]},
            "Content": {"Raw": {"Data": message(mail, self._sender).as_bytes()}},
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            self._client.get().send_email(**request)
        except ClientError as error:
            code = error_code(error)
            raise MailError(f"SES refused a mail ({code}).", temporary=bool(_TEMPORARY.search(code))) from None
        except BotoCoreError as error:
            raise MailError(f"SES can't be reached: {error}", temporary=True) from None

    @staticmethod
    def _make_client() -> "SESV2Client":
        from boto3.session import Session  # noqa: PLC0415 - slow to import

        return Session().client("sesv2", config=client_config())


def open_mailer(url: str, sender: str = DEFAULT_SENDER) -> ConsoleMailer | SesMailer:
    """Return the mailer that a setting names.

    Args:
        url: `console`, `console:///DIRECTORY` (taken as it stands, without %-escapes), `ses` or
            `ses://CONFIGURATION-SET`.
        sender: `Name <address>` in every mail's From.

    Raises:
        ValueError: It is none of these, or the sender is no address.
    """
    if url == "console":
        return ConsoleMailer(None, sender)
    if url.startswith("console:///"):
        return ConsoleMailer(Path(url.removeprefix("console://")), sender)
    if url == "ses" or url.startswith("ses://"):
        return SesMailer(sender, url.removeprefix("ses").removeprefix("://"))
    raise ValueError("mail goes to `console`, `console:///DIRECTORY`, `ses` or `ses://CONFIGURATION-SET`")

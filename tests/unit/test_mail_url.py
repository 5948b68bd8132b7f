"""Mail URLs: understood as percent-decoded once, or refused without a word of the password."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.notify.mail_url import MailUrlProblem, read
from watcher.notify.smtp import Smtp

PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=24)
AWKWARD = st.text(st.sampled_from(";&:/@#?%+ =\\[]üäß日.-_~ab1"), min_size=1, max_size=16)
PASSWORDS = PRINTABLE | AWKWARD
FORMS = [
    "mailto://lab:{}@127.0.0.1:2526?from=w@lab.example&to=pi@lab.example",
    "mailtos://_?user=lab&pass={}&smtp=127.0.0.1&port=2526&from=w@lab.example&to=pi@lab.example",
    "mailtos://_?user=lab&smtp=127.0.0.1&port=2526&from=w@lab.example&password={}",
    "mailto://{}@127.0.0.1:2526?user=lab&from=w@lab.example",
]


def fault(url: str) -> MailUrlProblem:
    with pytest.raises(MailUrlProblem) as caught:
        read(url)
    return caught.value


@pytest.mark.parametrize("form", FORMS)
@given(password=PASSWORDS)
def test_a_password_is_understood_as_percent_decoded_or_refused(form: str, password: str) -> None:
    try:
        understood = read(form.format(password))
    except MailUrlProblem:
        return

    assert understood.user == "lab"
    assert understood.password == unquote_to_bytes(password).decode()


@pytest.mark.parametrize("form", FORMS)
@given(password=PASSWORDS)
def test_an_encoded_password_is_always_understood(form: str, password: str) -> None:
    understood = read(form.format(quote(password, safe="")))

    assert (understood.user, understood.password) == ("lab", password)


@pytest.mark.parametrize("form", FORMS)
@given(password=st.text(st.sampled_from("xyzXYZ;&:/@#?%+ =ü"), min_size=6, max_size=16))
def test_a_refusal_repeats_no_part_of_a_password(form: str, password: str) -> None:
    try:
        read(form.format(password))
    except MailUrlProblem as refused:
        told = f"{refused.what} {refused.fix}"
        pieces = [piece for piece in (password[at : at + 3] for at in range(len(password) - 2)) if piece.isalpha()]
        assert not [piece for piece in pieces if piece in told]


@given(user=PASSWORDS)
def test_a_user_is_understood_as_well(user: str) -> None:
    encoded = quote(user, safe="")

    assert read(f"mailto://{encoded}:pw@127.0.0.1?from=w@lab.example").user == user
    assert read(f"mailto://_?user={encoded}&pass=pw&smtp=127.0.0.1&from=w@lab.example").user == user


@pytest.mark.parametrize("character", list(";&:=+!$'()*,~[]\\|^`{}<>\" ü"))
def test_characters_that_part_nothing_before_the_host_are_understood_as_they_are(character: str) -> None:
    assert read(f"mailto://lab:a{character}b@127.0.0.1?from=w@lab.example").password == f"a{character}b"


@pytest.mark.parametrize("character", list(":/@=+!$'()*,~[]\\|^`{}<>\" ü"))
def test_characters_that_part_no_parameters_are_understood_as_they_are(character: str) -> None:
    assert read(f"mailto://_?user=lab&pass=a{character}b&smtp=127.0.0.1&from=w@lab.example").password == f"a{character}b"


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("mailto://_?user=lab&pass=5Rt.Qz;wD&smtp=127.0.0.1&from=w@lab.example", "write ; as %3B"),
        ("mailto://_?user=lab&pass=a&b&smtp=127.0.0.1&from=w@lab.example", "& or = of a password is written as %26"),
        ("mailto://_?user=lab&pass=a&&smtp=127.0.0.1&from=w@lab.example", "& or = of a password is written as %26"),
        ("mailto://_?user=lab&smtp=127.0.0.1&from=w@lab.example&pass=a&", "& or = of a password is written as %26"),
        ("mailto://lab:Bw+Cmk/T7m@127.0.0.1:2526?from=w@lab.example", "write / as %2F"),
        ("mailto://lab:25/@127.0.0.1:2526?from=w@lab.example", "write / as %2F"),
        ("mailto://lab:T7m@k@127.0.0.1:2526?from=w@lab.example", "write all but the last as %40"),
        ("mailto://lab:T7m#k@127.0.0.1:2526?from=w@lab.example", "write # as %23"),
        ("mailto://lab:T7m?k@127.0.0.1:2526?from=w@lab.example", "as %3F"),
        ("mailto://lab:25?T7m@127.0.0.1:2526", "in a user name or password write"),
        ("mailto://lab:T7m%k@127.0.0.1:2526?from=w@lab.example", "write % itself as %25"),
        ("mailto://lab:T7m%FC@127.0.0.1:2526?from=w@lab.example", "%C3%BC"),
        ("mailto://lab:T7m%00@127.0.0.1:2526?from=w@lab.example", "take it away"),
        ("mailto://lab:T7m\u00a0k@127.0.0.1:2526?from=w@lab.example", "percent-encoded"),
        ("mailto://_?user=lab&smtp=127.0.0.1&from=w@lab.example&pass=T7m ", "%20"),
        ("mailto://lab:@127.0.0.1:2526?from=w@lab.example", "write the password"),
        ("mailto://:T7m@127.0.0.1:2526?from=w@lab.example", "write the user"),
        ("mailto://lab:T7m@127.0.0.1?pass=T7m&from=w@lab.example", "write it once"),
    ],
)
def test_what_may_be_meant_otherwise_is_refused_with_the_encoding(url: str, fix: str) -> None:
    refused = fault(url)

    assert fix in refused.fix
    assert not [piece for piece in ("5Rt", "wD", "Bw", "Cmk", "T7m") if piece in f"{refused.what} {refused.fix}"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mailto://_?usr=lab&pass=T7m&smtp=127.0.0.1&from=w@lab.example", "('usr')"),
        ("mailto://_?user=lab&pas=T7m&smtp=127.0.0.1&from=w@lab.example", "('pas')"),
        ("mailto://smtp.lab.example?frm=w@lab.example", "('frm')"),
        ("mailto://lab:T7m@127.0.0.1?from=w@lab.example&fomat=text", "('fomat')"),
        ("mailto://lab:T7m@127.0.0.1?fomat=text&from=w@lab.example", "(number 1)"),
        ("mailto://_?user=lab&pass=T7m&x=y&smtp=127.0.0.1&from=w@lab.example", "(number 3)"),
        ("mailto://lab:T7m@127.0.0.1?from=w@lab.example&pgp=encrypt", "('pgp')"),
    ],
)
def test_an_unknown_parameter_is_named_only_where_the_password_cannot_reach(url: str, told: str) -> None:
    assert told in fault(url).what


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://lab.example", "is not an email URL"),
        ("mailto:pi@lab.example", "is not an email URL"),
        ("mailto://?from=w@lab.example", "names no host"),
        ("mailto://two words?from=w@lab.example", "names no host"),
        ("mailto://a..b?from=w@lab.example", "names no host"),
        (f"mailto://{'a' * 64}.example?from=w@lab.example", "names no host"),
        ("mailto://[::1]x:25?from=w@lab.example", "names no host"),
        ("mailto://lab.example:0?from=w@lab.example", "names no port"),
        ("mailto://lab.example:70000?from=w@lab.example", "names no port"),
        ("mailto://lab.example:?from=w@lab.example", "names no port"),
        ("mailto://lab.example?port=x&from=w@lab.example", "names no port"),
        ("mailto://lab.example?from=w@lab.example&from=x@lab.example", "gives a parameter twice"),
        ("mailto://lab.example?from=w@lab.example&mode=tls", "has a mode= that there is not"),
        ("mailto://lab.example?from=w@lab.example&verify=maybe", "has a verify= that is neither"),
        ("mailto://lab.example?from=w@lab@example", "has a from= that is not one address"),
        ("mailto://lab.example?from=w@lab.example&to=pi", "has a to= that holds something other than addresses"),
        ("mailto://lab.example?from=w@lab.example&cc=", "has a cc= that holds something other than addresses"),
    ],
)
def test_a_url_that_cannot_be_right_is_refused(url: str, what: str) -> None:
    assert fault(url).what.startswith(what)


def test_everything_a_url_can_say_is_read() -> None:
    url = (
        "mailtos://u%40lab.example:p%2541@[::1]:2526/?smtp=mail_relay&mode=SSL&from=Lab%20%3Cw@lab.example%3E"
        "&to=a@lab.example,b@lab.example c@lab&cc=d@lab.example&bcc=e@lab.example&reply=f@lab.example&verify=no"
    )

    understood = read(url)

    assert (understood.secure, understood.host, understood.port, understood.smtp) == (True, "::1", 2526, "mail_relay")
    assert (understood.user, understood.password) == ("u@lab.example", "p%41")
    assert (understood.mode, understood.verify) == ("ssl", False)
    assert understood.sender == ("Lab", "w@lab.example")
    assert understood.to == ("a@lab.example", "b@lab.example", "c@lab")
    assert (understood.cc, understood.bcc, understood.reply) == (("d@lab.example",), ("e@lab.example",), ("f@lab.example",))
    assert "p%41" not in repr(understood)


def test_a_login_by_cram_md5_answers_as_in_rfc_2195() -> None:
    smtp = Smtp()
    smtp.user, smtp.password = "tim", "tanstaaftanstaaf"

    answer = smtp.auth_cram_md5(b"<1896.697170952@postoffice.reston.mci.net>")

    assert answer == "tim b913a602c7eda7a495b4e6e7334d3890"

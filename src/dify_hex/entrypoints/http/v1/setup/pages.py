"""The pages behind a one-time link: two forms and two notes, without a script."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse

from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.entrypoints.http.request_context import CHINESE

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1.5rem}
h1{font-size:1.4rem;margin:0 0 .5rem}label{display:block;margin:1rem 0 0;font-weight:600}
input{box-sizing:border-box;width:100%;padding:.6rem;margin-top:.25rem;font:inherit;
border:1px solid #8888;border-radius:.4rem}
button{width:100%;margin-top:1.5rem;padding:.7rem;font:inherit;font-weight:600;border:0;
border-radius:.4rem;background:#1f5eff;color:#fff;cursor:pointer}
.wrong{border-left:.25rem solid #d33;padding:.4rem .8rem;background:#d331}
small{opacity:.75}
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Everything the pages say, in one language."""

    set_up_title: str
    set_up_note: str
    choose_title: str
    choose_note: str
    name: str
    email: str
    tenant: str
    label: str
    hint: str
    set_up_button: str
    choose_button: str
    done_title: str
    done_note: str
    wrong_title: str


_ENGLISH = _Words(
    set_up_title="Set up dify_hex",
    set_up_note="You are going to be the first owner. This form works once.",
    choose_title="Choose a password",
    choose_note="For the account",
    name="Your name",
    email="E-mail",
    tenant="Name of your workspace",
    label="Password",
    hint="At least 12 characters, hard to guess.",
    set_up_button="Become the owner",
    choose_button="Set the password",
    done_title="Done",
    done_note="You can sign in now: POST /v1/auth/login, or run dify-hex login.",
    wrong_title="This link does not work",
)
_CHINESE_WORDS = _Words(
    set_up_title="初始化 dify_hex",
    set_up_note="您将成为首位所有者。此表单只能使用一次。",
    choose_title="设置密码",
    choose_note="账户",
    name="姓名",
    email="电子邮箱",
    tenant="工作空间名称",
    label="密码",
    hint="至少 12 个字符，且不易被猜到。",
    set_up_button="成为所有者",
    choose_button="设置密码",
    done_title="完成",
    done_note="现在可以登录：POST /v1/auth/login，或运行 dify-hex login。",
    wrong_title="该链接无法使用",
)


def form_page(
    purpose: LinkPurpose,
    language: str,
    *,
    email: str | None = None,
    filled: Mapping[str, str] | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The form of a link; `filled` is what was written before, `wrong` what was wrong with it."""
    words = _words(language)
    if purpose is LinkPurpose.SET_UP:
        title, note, button = words.set_up_title, words.set_up_note, words.set_up_button
        fields = _founder_fields(words, filled or {})
    else:
        title, button = words.choose_title, words.choose_button
        note = f"{words.choose_note} {email or ''}"
        fields = ""
    problem = "" if wrong is None else f'<p class="wrong" role="alert">{escape(wrong)}</p>'
    password = (
        f'<label>{words.label}<input name="password" type="password" required minlength="12"'
        f' maxlength="256" autocomplete="new-password"></label><small>{words.hint}</small>'
    )
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(note)}</p>{problem}"
        f'<form method="post">{fields}{password}<button>{escape(button)}</button></form>'
    )
    return _page(title, body, language, status)


def done_page(language: str) -> HTMLResponse:
    """Told after the link was spent."""
    words = _words(language)
    body = f"<h1>{escape(words.done_title)}</h1><p>{escape(words.done_note)}</p>"
    return _page(words.done_title, body, language, 200)


def wrong_page(message: str, language: str, status: int) -> HTMLResponse:
    """Told when there is nothing to fill in."""
    title = _words(language).wrong_title
    body = f'<h1>{escape(title)}</h1><p class="wrong">{escape(message)}</p>'
    return _page(title, body, language, status)


def _founder_fields(words: _Words, filled: Mapping[str, str]) -> str:
    wanted = (
        (words.name, "name", "text", "name", 100),
        (words.email, "email", "email", "username", 254),
        (words.tenant, "tenant_name", "text", "organization", 100),
    )
    return "".join(
        f'<label>{label}<input name="{name}" type="{kind}" required maxlength="{length}"'
        f' autocomplete="{autocomplete}" value="{escape(filled.get(name, ""))}"></label>'
        for label, name, kind, autocomplete, length in wanted
    )


def _page(title: str, body: str, language: str, status: int) -> HTMLResponse:
    tag = "zh-CN" if language == CHINESE else "en"
    html = (
        f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return HTMLResponse(html, status, _HEADERS)


def _words(language: str) -> _Words:
    return _CHINESE_WORDS if language == CHINESE else _ENGLISH

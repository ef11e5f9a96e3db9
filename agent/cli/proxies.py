"""A company's proxy, settled once for every library that reads it: HTTP_PROXY, NO_PROXY and so on.

httpx (OpenAI, Telnyx) honours NO_PROXY. The speech framework and LiveKit's native client do not:
they would send the worker's connection to a LiveKit on this machine through the proxy. So nothing
on this machine is ever proxied, and where LiveKit is reached directly those two are not shown the
proxy; httpx then finds it as ALL_PROXY, which only httpx reads.
"""

from collections.abc import MutableMapping
from urllib.parse import urlsplit

from agent.errors import SettingsError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SCHEMES = ("http", "https", "all")
_WITH_CALLS = frozenset({"start", "dev", "stack", "simulate", "demo"})
"""Commands in whose process, or in whose children, the native client runs."""


def settle_proxies(command: str, environ: MutableMapping[str, str]) -> None:
    """Change the proxy variables of `environ` so that every library does the same with them.

    Raises SettingsError for what is no address of an HTTP proxy.
    """
    given = {scheme: _given(scheme, environ) for scheme in _SCHEMES}
    proxies = {scheme: _checked(scheme, value) for scheme, value in given.items() if value}
    if not proxies:
        return
    direct = [each.strip() for each in _either("no_proxy", environ).split(",") if each.strip()]
    direct += [each for each in _LOOPBACK if each not in direct]
    _set("no_proxy", ",".join(direct), environ)
    hidden = "*" in direct
    if command in _WITH_CALLS:
        hidden = hidden or _is_direct(_livekit_host(environ), direct)
    for scheme, proxy in proxies.items():
        _set(f"{scheme}_proxy", None if hidden and scheme != "all" else proxy, environ)
    if "*" in direct:
        _set("all_proxy", None, environ)
    elif hidden and "all" not in proxies:
        _set("all_proxy", proxies.get("https", proxies.get("http")), environ)


def _given(scheme: str, environ: MutableMapping[str, str]) -> str:
    return _either(f"{scheme}_proxy", environ)


def _either(name: str, environ: MutableMapping[str, str]) -> str:
    """The variable in lower case, which is the older custom and wins, or in upper case."""
    return environ.get(name, "").strip() or environ.get(name.upper(), "").strip()


def _set(name: str, value: str | None, environ: MutableMapping[str, str]) -> None:
    """In both cases: some libraries read only one of them."""
    for each in (name, name.upper()):
        environ.pop(each, None)
        if value:
            environ[each] = value


def _checked(scheme: str, value: str) -> str:
    """The proxy's URL; `proxy.example:3128` is read as http. The value may hold a password."""
    url = value if "://" in value else f"http://{value}"
    name = f"{scheme.upper()}_PROXY"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    else:
        if parts.scheme.startswith("socks"):
            raise SettingsError(
                f"{name} names a SOCKS proxy, which calls cannot use: name an HTTP proxy, as "
                "http://host:port, or unset it"
            )
        usable = usable and parts.scheme in ("http", "https")
    if not usable:
        raise SettingsError(f"{name} is no proxy's address: write http://host:port, or unset it")
    return url


def _livekit_host(environ: MutableMapping[str, str]) -> str:
    """Where LiveKit is; none given: the local stack's, on this machine."""
    from agent.settings import read_environment  # only who has a proxy waits for it

    found = read_environment(environ=environ)
    url = found.get("LIVEKIT_URL") or found.get("LIVEKIT_WS_URL") or ""
    try:
        return urlsplit(url).hostname or _LOOPBACK[0]
    except ValueError:
        return _LOOPBACK[0]  # the settings say what is wrong with it


def _is_direct(host: str, direct: list[str]) -> bool:
    """Whether NO_PROXY names the host, or a domain that it is in."""
    names = [each.lower().lstrip(".") for each in direct]
    return any(host == name or host.endswith(f".{name}") for name in names)

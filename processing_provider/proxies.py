"""QGIS's proxy settings as environment variables, for the engine and pip."""

from __future__ import annotations

from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy


def proxy_environment() -> dict[str, str]:
    """HTTPS_PROXY and so on if QGIS has its own proxy; empty if it uses the system's or none."""
    manager = QgsNetworkAccessManager.instance()
    proxy = manager.fallbackProxy()
    schemes = {QNetworkProxy.ProxyType.HttpProxy: "http", QNetworkProxy.ProxyType.Socks5Proxy: "socks5h"}
    if proxy.type() not in schemes or not proxy.hostName():
        return {}
    account = f"{quote(proxy.user(), safe='')}:{quote(proxy.password(), safe='')}@" if proxy.user() else ""
    address = f"{schemes[proxy.type()]}://{account}{proxy.hostName()}:{proxy.port()}"
    excluded = [*manager.excludeList(), *manager.noProxyList(), "localhost", "127.0.0.1"]
    names = {"HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": ",".join(excluded)}
    return {**names, **{name.lower(): value for name, value in names.items()}}

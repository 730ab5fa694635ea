"""Addresses that must be refused, each with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.endpoint import Endpoint, EndpointRefusal, check_endpoint, origin_is_allowed, refusal
from dispatch.errors import EndpointRefused
from dispatch.settings import DispatchSettings

SETTINGS = DispatchSettings()
STUB = DispatchSettings(extra_origins=("https://127.0.0.1:8443",))


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:APA91b-_x", "https://fcm.googleapis.com", "/fcm/send/abc:APA91b-_x"),
        ("https://FCM.googleapis.com:443/wp/x", "https://fcm.googleapis.com", "/wp/x"),
        (
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
            "https://updates.push.services.mozilla.com",
            "/wpush/v2/gAAA",
        ),
        ("https://web.push.apple.com/QGx", "https://web.push.apple.com", "/QGx"),
        (
            "https://wns2-by3p.notify.windows.com/w/?token=BQY%3d",
            "https://wns2-by3p.notify.windows.com",
            "/w/?token=BQY%3d",
        ),
    ],
)
def test_real_services_are_allowed(url: str, origin: str, path: str) -> None:
    assert check_endpoint(url, SETTINGS) == Endpoint(origin, path)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", EndpointRefusal.NOT_A_URL),
        ("fcm.googleapis.com/x", EndpointRefusal.NOT_A_URL),
        ("http://fcm.googleapis.com/x", EndpointRefusal.NOT_HTTPS),
        ("ftp://fcm.googleapis.com/x", EndpointRefusal.NOT_HTTPS),
        ("https://fcm.googleapis.com.evil.example/x", EndpointRefusal.HOST),
        ("https://evil.example/fcm.googleapis.com", EndpointRefusal.HOST),
        ("https://evilfcm.googleapis.com/x", EndpointRefusal.HOST),
        ("https://notify.windows.com/x", EndpointRefusal.HOST),
        ("https://evilnotify.windows.com/x", EndpointRefusal.HOST),
        ("https://fcm.googleapis.com./x", EndpointRefusal.HOST),
        ("https://localhost/x", EndpointRefusal.HOST),
        ("https://fcm.googleapis.com@evil.example/x", EndpointRefusal.USERINFO),
        ("https://user:pass@fcm.googleapis.com/x", EndpointRefusal.USERINFO),
        ("https://fcm.googleapis.com:8443/x", EndpointRefusal.PORT),
        ("https://fcm.googleapis.com:/x", EndpointRefusal.PORT),
        ("https://fcm.googleapis.com:0443/x", EndpointRefusal.PORT),
        ("https://127.0.0.1/x", EndpointRefusal.ADDRESS),
        ("https://127.1/x", EndpointRefusal.ADDRESS),
        ("https://2130706433/x", EndpointRefusal.ADDRESS),
        ("https://0x7f000001/x", EndpointRefusal.ADDRESS),
        ("https://0177.0.0.1/x", EndpointRefusal.ADDRESS),
        ("https://[::1]/x", EndpointRefusal.ADDRESS),
        ("https://[::ffff:127.0.0.1]/x", EndpointRefusal.ADDRESS),
        ("https://xn--fcm-0na.googleapis.com/x", EndpointRefusal.PUNYCODE),
        ("https://fcm。googleapis.com/x", EndpointRefusal.HOST),
        ("https://fcm.googleapis.com%2eevil.example/x", EndpointRefusal.HOST),
        ("https://evil.example\\@fcm.googleapis.com/x", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com\\.evil.example/x", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com#@evil.example/x", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com?x", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com/x y", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com/x\r\nHost: evil.example", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com/x#f", EndpointRefusal.NOT_A_URL),
        ("https://fcm.googleapis.com", EndpointRefusal.NO_PATH),
        ("https://fcm.googleapis.com/", EndpointRefusal.NO_PATH),
        ("https://fcm.googleapis.com/" + "x" * 3000, EndpointRefusal.TOO_LONG),
        ("https://127.0.0.1:8443/x", EndpointRefusal.ADDRESS),
    ],
)
def test_everything_else_is_refused_with_its_reason(url: str, reason: EndpointRefusal) -> None:
    assert refusal(url, SETTINGS) is reason
    with pytest.raises(EndpointRefused) as raised:
        check_endpoint(url, SETTINGS)
    assert raised.value.reason == reason.value
    assert "evil" not in str(raised.value)


def test_the_stub_is_allowed_only_where_settings_name_it() -> None:
    assert check_endpoint("https://127.0.0.1:8443/push/1", STUB) == Endpoint("https://127.0.0.1:8443", "/push/1")
    assert origin_is_allowed("https://127.0.0.1:8443", STUB)
    assert not origin_is_allowed("https://127.0.0.1:8443", SETTINGS)
    for url in ("https://127.0.0.1:84430/push/1", "https://127.0.0.1:8443", "https://127.0.0.1:8443@evil.example/x"):
        assert refusal(url, STUB) is not None


@given(st.text())
def test_no_text_makes_the_check_fail_in_another_way(text: str) -> None:
    for url in (text, "https://" + text, f"https://fcm.googleapis.com/{text}", f"https://{text}fcm.googleapis.com/x"):
        found = refusal(url, SETTINGS)
        assert found is None or isinstance(found, EndpointRefusal)

"""Signatures: the scheme's own published example, and what must not pass."""

import pytest

from shared.secrets import signing

# From the reference implementations of Standard Webhooks.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
PUBLISHED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_signs_as_the_published_example():
    assert signing.sign(SECRET, ID, AT, BODY) == PUBLISHED


@pytest.mark.parametrize("signatures", [PUBLISHED, f"v1,bm8= {PUBLISHED}", f"v1a,x {PUBLISHED} v1,bm8="])
def test_one_right_signature_among_several_is_enough(signatures):
    assert signing.is_signed(SECRET, ID, AT, BODY, signatures)


@pytest.mark.parametrize(
    ("secret", "id", "at", "body", "signatures"),
    [
        ("other", ID, AT, BODY, PUBLISHED),
        (SECRET, "other", AT, BODY, PUBLISHED),
        (SECRET, ID, AT + 1, BODY, PUBLISHED),
        (SECRET, ID, AT, BODY + b" ", PUBLISHED),
        (SECRET, ID, AT, BODY, ""),
        (SECRET, ID, AT, BODY, PUBLISHED[3:]),
        (SECRET, ID, AT, BODY, "v1,ż"),
        (SECRET, ID, AT, BODY, f"{'v1,no ' * 8}{PUBLISHED}"),
    ],
)
def test_anything_else_is_not_signed(secret, id, at, body, signatures):
    assert not signing.is_signed(secret, id, at, body, signatures)


def test_the_plain_form_signs_time_and_body():
    signed = signing.sign_plain("key", AT, BODY)
    assert signing.is_signed_plainly("key", AT, BODY, signed.upper().replace("SHA256", "sha256"))
    assert not signing.is_signed_plainly("key", AT, b"", signed)
    assert not signing.is_signed_plainly("key", AT, BODY, signed.removeprefix("sha256="))


def test_a_secret_that_only_begins_like_an_encoded_one_is_a_text():
    assert signing.key_of("whsec_not base64!") == b"whsec_not base64!"

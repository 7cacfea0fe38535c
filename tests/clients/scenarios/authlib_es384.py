"""PyPI `authlib`: a confidential client that signs its assertions with ES384; its keys stand in its registration."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from authlib.common.security import generate_token  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign  # noqa: E402
from forms import Browser  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402
from stage import check, finish, same, stage  # noqa: E402

SCOPE = "launch/patient openid fhirUser offline_access patient/Patient.rs"
CLIENT = stage["clients"]["key-es384"]
KEY = stage["keys"]["es384"]


class ShortLived(PrivateKeyJWT):
    """The library's assertions live an hour, and SMART allows five minutes: its own signer takes the lifetime."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(
            auth.client_secret, client_id=auth.client_id, token_endpoint=token_endpoint,
            header=dict(self.headers), alg=self.alg, expires_in=240)


def authorized(authentication):
    """(session, endpoints, the redirect with the code, the PKCE verifier)"""
    session = OAuth2Session(
        CLIENT["client_id"], ECKey.import_key(KEY), scope=SCOPE, redirect_uri=CLIENT["redirect_uris"][0],
        token_endpoint_auth_method="private_key_jwt", code_challenge_method="S256")
    session.register_client_auth_method(authentication)
    endpoints = session.get(f"{stage['fhir']}/.well-known/smart-configuration", withhold_token=True).json()
    verifier = generate_token(64)
    url, _ = session.create_authorization_url(endpoints["authorization_endpoint"], aud=stage["fhir"], code_verifier=verifier)
    returned = Browser(stage["base"]).approve(url, stage["users"]["clinician"], "amina")
    return session, endpoints, returned, verifier


def reads(session):
    answer = session.get(f"{stage['fhir']}/Patient/amina")
    same((answer.status_code, answer.json()["name"][0]["family"]), (200, "Diallo"))


@check("private_key_jwt with ES384: code, read, refresh, read")
def _():
    session, endpoints, returned, verifier = authorized(ShortLived(headers={"kid": KEY["kid"]}, alg="ES384"))
    token = session.fetch_token(endpoints["token_endpoint"], authorization_response=returned, code_verifier=verifier)
    same(token["patient"], "amina")
    reads(session)
    refreshed = session.refresh_token(endpoints["token_endpoint"], token["refresh_token"])
    same(refreshed["refresh_token"] == token["refresh_token"], False)
    reads(session)


@check("an assertion that lives an hour, the library's default, is refused in words that name the five minutes")
def _():
    session, endpoints, returned, verifier = authorized(PrivateKeyJWT(headers={"kid": KEY["kid"]}, alg="ES384"))
    try:
        session.fetch_token(endpoints["token_endpoint"], authorization_response=returned, code_verifier=verifier)
    except OAuthError as error:
        same(error.error, "invalid_client")
        same(any(words in error.description for words in ("five minutes", "5 minutes", "300 seconds")), True)
    else:
        raise AssertionError("an assertion of an hour was accepted")


finish()

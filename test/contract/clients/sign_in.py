"""A machine and a person get tokens by Authlib, as a program of others would: nothing but the address is known."""

import html
import os
import re
import time
import urllib.parse

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import KeySet

issuer = os.environ["STEWARD"]
metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
assert metadata["issuer"] == issuer, metadata
assert httpx.get(f"{issuer}/.well-known/oauth-authorization-server").json()["issuer"] == issuer
token_endpoint = metadata["token_endpoint"]


def me(token):
    answer = httpx.get(f"{issuer}/v1/me", headers={"authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def machine(proof):
    """A machine signs in, asks about its token and gives it back."""
    client = OAuth2Client(
        os.environ["MACHINE_ID"], os.environ["MACHINE_SECRET"], token_endpoint_auth_method=proof
    )
    token = client.fetch_token(token_endpoint, grant_type="client_credentials", scope="person.read")
    assert token["token_type"] == "Bearer" and token["scope"] == "person.read", token
    assert me(token["access_token"])[1]["permissions"] == ["person.read"]
    told = client.introspect_token(
        metadata["introspection_endpoint"], token=token["access_token"]
    ).json()
    assert told["active"] and told["client_id"] == os.environ["MACHINE_ID"], told
    client.revoke_token(metadata["revocation_endpoint"], token=token["access_token"])
    told = client.introspect_token(
        metadata["introspection_endpoint"], token=token["access_token"]
    ).json()
    assert told == {"active": False}, told


machine("client_secret_basic")
machine("client_secret_post")

# Authlib's own hour is longer than an assertion may be good here.
in_time = {"exp": int(time.time()) + 120}
by_key = OAuth2Client(
    os.environ["MACHINE_ID"],
    os.environ["MACHINE_KEY"],
    token_endpoint_auth_method=PrivateKeyJWT(token_endpoint, claims=in_time),
)
token = by_key.fetch_token(token_endpoint, grant_type="client_credentials")
assert me(token["access_token"])[0] == 200

callback = "http://127.0.0.1:9/callback"
front_end = OAuth2Client(
    os.environ["FRONT_END_ID"],
    os.environ["FRONT_END_SECRET"],
    scope="openid profile",
    redirect_uri=callback,
    code_challenge_method="S256",
)
verifier = "v" * 64
url, state = front_end.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
)
# What a browser does with the page: reads it, types, and follows.
page = httpx.get(url).text
form = {
    name: html.unescape(value)
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
}
form |= {"user_name": os.environ["USER_NAME"], "password": os.environ["PASSWORD"]}
action = re.search(r'<form method="post" action="([^"]*)">', page).group(1)
back = httpx.post(urllib.parse.urljoin(url, action), data=form).headers["location"]
assert back.startswith(callback), back

token = front_end.fetch_token(
    token_endpoint, authorization_response=back, state=state, code_verifier=verifier
)
keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": issuer},
    aud={"essential": True, "value": os.environ["FRONT_END_ID"]},
    nonce={"essential": True, "value": "n-1"},
    exp={"essential": True},
).validate(claims)
assert claims["sub"] == os.environ["PERSON_ID"], claims
assert me(token["access_token"])[1]["id"] == os.environ["PERSON_ID"]

fresh = front_end.refresh_token(token_endpoint, refresh_token=token["refresh_token"])
assert fresh["refresh_token"] != token["refresh_token"]
assert me(fresh["access_token"])[0] == 200
front_end.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"])
print("signed in, renewed and out again")

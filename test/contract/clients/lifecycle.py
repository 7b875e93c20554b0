"""The life of an account by a client that openapi-python-client generated: as lifecycle.ts has it."""

import builtins
import os
import uuid

from steward_client import AuthenticatedClient, Client
from steward_client.types import Unset

# openapi-python-client 0.29.1 writes this name, without an import, where a body may be JSON or a form.
builtins.Unset = Unset

from steward_client.api.account_changes import (
    approve_account_change,
    read_account_change,
    request_account_change,
)
from steward_client.api.accounts import lock_down_account, read_account, unfreeze_account
from steward_client.api.organisation import read_position
from steward_client.api.people import join_person, leave_person, read_person
from steward_client.api.sessions import read_own_standing, sign_in
from steward_client.api.tokens import grant_token
from steward_client.models import (
    JoinPersonBody,
    LeavePersonBody,
    LockDownAccountBodyType1,
    RequestAccountChangeBody,
    SignInBody,
    TokenRequest,
    UnfreezeAccountBody,
)

url = os.environ["STEWARD"]
anybody = Client(base_url=url)


def must(answer):
    assert answer.status_code < 300, answer
    return answer.parsed


def signed_in(user_name):
    body = SignInBody(
        user_name=user_name,
        password=os.environ[f"{user_name}_PASSWORD"],
        code=os.environ[f"{user_name}_CODE"],
    )
    session = must(sign_in.sync_detailed(client=anybody, body=body))
    return AuthenticatedClient(base_url=url, token=session.access_token)


def once():
    return str(uuid.uuid4())


system = signed_in("SYSADM")
security = signed_in("SECADM")
credentials = TokenRequest.from_dict(
    {
        "grant_type": "client_credentials",
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
    }
)
granted = must(grant_token.sync_detailed(client=anybody, body=credentials))
script = AuthenticatedClient(base_url=url, token=granted.access_token)

me = must(read_own_standing.sync_detailed(client=script))
assert me.kind == "client" and "person.manage" in me.permissions

hire = {
    "client": script,
    "idempotency_key": once(),
    "body": JoinPersonBody(
        employee_number="PY-1",
        name="李小红",
        unit_code="U1",
        department_code="FIN",
        position_code="CLERK",
        account_user_name="LI.PY",
    ),
}
person = must(join_person.sync_detailed(**hire))
again = join_person.sync_detailed(**hire)
assert must(again).id == person.id and again.headers["idempotency-replayed"] == "true"

states = []


def account():
    answer = read_account.sync_detailed(person.account_id, client=security)
    states.append(must(answer).status)
    return answer.headers["etag"]


account()

asked = must(
    request_account_change.sync_detailed(
        client=system,
        idempotency_key=once(),
        body=RequestAccountChangeBody.from_dict(
            {
                "change": {
                    "kind": "set-position-roles",
                    "positionCode": "CLERK",
                    "roles": ["END_USER"],
                    "responsibilities": [
                        {"application": "SQLAP", "key": "AP_PY", "securityGroup": "STANDARD"}
                    ],
                    "ebsRoles": [],
                },
                "reason": "Clerks pay invoices, too.",
            }
        ),
    )
)
change = read_account_change.sync_detailed(asked.id, client=security)
approved = must(
    approve_account_change.sync_detailed(
        asked.id, client=security, if_match=change.headers["etag"], body=None
    )
)
position = must(read_position.sync_detailed("CLERK", client=system))
assert approved.status == "approved" and position.responsibilities[0].key == "AP_PY"

must(
    lock_down_account.sync_detailed(
        client=script, body=LockDownAccountBodyType1(user_name="LI.PY", reason="Lost a phone.")
    )
)
frozen = account()
found = UnfreezeAccountBody(reason="Found it.")
stale = unfreeze_account.sync_detailed(
    person.account_id, client=security, if_match='"99"', body=found
)
assert stale.parsed.code == "version-stale"
must(
    unfreeze_account.sync_detailed(
        person.account_id, client=security, if_match=frozen, body=found
    )
)
account()

read = read_person.sync_detailed(person.id, client=script)
must(
    leave_person.sync_detailed(
        person.id,
        client=script,
        if_match=read.headers["etag"],
        body=LeavePersonBody.from_dict({"kind": "resignation"}),
    )
)
account()
print(*states, end="")

"""Has scim2-tester look at a server, and prints what it found: a line for each check that did not succeed, then the count.

Some of its habits are set right, because its random values know nothing of the rules of this server:

- Whether a user is active is the same in all that it sends, ACTIVE of the environment: a frozen account opens by an approval only,
  which is answered 202. The one address of a user is the primary one.
- What is immutable stays in a replacement, also in an extension, where the tester (scim2-models issue 111) makes a new value.
- Of an extension that is replaced what was sent is compared, not what is read only beside it.
"""

import json
import os
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Extension, Mutability
from scim2_tester import Status, check_server, filling
from scim2_tester.checkers import patch_add, patch_replace, resource_put

ACTIVE = os.environ["ACTIVE"] == "true"
KNOWN = {"active": ACTIVE, "primary": True}

make_value = filling.generate_random_value
fill = resource_put.fill_with_random_values
is_equal = patch_replace.fields_equality


def value_for(context, path, mutability=None, required=None):
    value = make_value(context, path, mutability=mutability, required=required)
    return value if value is None else KNOWN.get(str(path), value)


def value_in_place(context, path):
    value = value_for(context, path)
    if isinstance(value, Extension) and hasattr(value, "employee_number"):
        value.employee_number = None
    return value


def fill_what_changes(context, obj, mutability):
    changing = [each for each in mutability if each != Mutability.immutable]
    return fill(context, obj, mutability=changing)


def is_as_sent(expected, actual):
    if not isinstance(expected, Extension):
        return is_equal(expected, actual)
    sent, told = expected.model_dump(), actual.model_dump()
    return all(told.get(name) == value for name, value in sent.items() if name != "schemas")


filling.generate_random_value = value_for
patch_add.generate_random_value = value_for
patch_replace.generate_random_value = value_in_place
patch_replace.fields_equality = is_as_sent
resource_put.fill_with_random_values = fill_what_changes

http = Client(
    base_url=os.environ["SCIM"], headers={"Authorization": os.environ["AUTHORIZATION"]}, timeout=60
)
results = check_server(SyncSCIMClient(http), resource_types=["User"])
for result in results:
    if result.status not in (Status.SUCCESS, Status.ACCEPTABLE):
        print(result.status.name, result.title, result.reason, str(result.data)[:500])
print(json.dumps(Counter(result.status.name for result in results)))

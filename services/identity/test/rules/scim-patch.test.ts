import { expect, test } from '@jest/globals'
import { Problem } from '@erp-steward/contracts/problem'
import { patched } from '../../src/scim/rules/patch.ts'
import type { Json } from '../../src/scim/rules/attribute.ts'
import { EBS_USER, ENTERPRISE_USER, User } from '../../src/scim/user-resource.ts'

const user: Json = {
  id: 'x',
  userName: 'A',
  name: { formatted: 'F', familyName: 'f' },
  displayName: null,
  active: true,
  emails: [
    { type: 'work', value: 'w', primary: true },
    { type: 'home', value: 'h' },
  ],
  [ENTERPRISE_USER]: { department: 'D', organization: 'O', manager: { value: 'm', $ref: 'r' } },
  [EBS_USER]: { position: 'P' },
}

const patch = (...Operations: object[]) => patched(User, user, { Operations })
const [work, home] = user.emails as readonly [Json, Json]

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
  return 'none'
}

test.each<[string, object, Json]>([
  [
    'a part of the value that fits',
    { op: 'replace', path: 'emails[type eq "work"].value', value: 'n' },
    { emails: [{ ...work, value: 'n' }, home] },
  ],
  ['a capital verb', { op: 'Replace', path: 'userName', value: 'n' }, { userName: 'n' }],
  ['a name in another case', { op: 'replace', path: 'USERNAME', value: 'n' }, { userName: 'n' }],
  [
    'a name under its URN',
    {
      op: 'replace',
      path: 'urn:ietf:params:scim:schemas:core:2.0:User:name.familyName',
      value: 'n',
    },
    { name: { formatted: 'F', familyName: 'n' } },
  ],
  [
    'no path',
    { op: 'replace', value: { displayName: 'n', 'name.familyName': 'z' } },
    { displayName: 'n', name: { formatted: 'F', familyName: 'z' } },
  ],
  [
    'no path, a whole name',
    { op: 'add', value: { name: { givenName: 'g' } } },
    { name: { formatted: 'F', familyName: 'f', givenName: 'g' } },
  ],
  ['text for truth', { op: 'Replace', path: 'active', value: 'False' }, { active: false }],
  [
    'a part of an extension',
    { op: 'replace', path: `${ENTERPRISE_USER}:department`, value: 'n' },
    { [ENTERPRISE_USER]: { ...(user[ENTERPRISE_USER] as Json), department: 'n' } },
  ],
  [
    'an extension as a path',
    { op: 'add', path: ENTERPRISE_USER, value: { department: 'n' } },
    { [ENTERPRISE_USER]: { ...(user[ENTERPRISE_USER] as Json), department: 'n' } },
  ],
  [
    'an extension as a member',
    { op: 'add', value: { [ENTERPRISE_USER]: { department: 'n' } } },
    { [ENTERPRISE_USER]: { ...(user[ENTERPRISE_USER] as Json), department: 'n' } },
  ],
  [
    'a part of an extension as a member',
    { op: 'add', value: { [`${ENTERPRISE_USER}:department`]: 'n' } },
    { [ENTERPRISE_USER]: { ...(user[ENTERPRISE_USER] as Json), department: 'n' } },
  ],
  [
    'a manager by the bare id',
    { op: 'replace', path: `${ENTERPRISE_USER}:manager`, value: 'q' },
    {
      [ENTERPRISE_USER]: { ...(user[ENTERPRISE_USER] as Json), manager: { value: 'q', $ref: 'r' } },
    },
  ],
  [
    'a value that is taken away',
    { op: 'remove', path: 'emails[type eq "work"]' },
    { emails: [home] },
  ],
  [
    'values that are taken away',
    { op: 'remove', path: 'emails[type eq "work" or type eq "home"]' },
    { emails: [] },
  ],
  [
    'all values but one',
    { op: 'remove', path: 'emails[not (type eq "work")]' },
    { emails: [work] },
  ],
  ['all values', { op: 'remove', path: 'emails' }, { emails: [] }],
  [
    'another value',
    { op: 'add', path: 'emails', value: [{ type: 'other', value: 'o' }] },
    { emails: [work, home, { type: 'other', value: 'o' }] },
  ],
  [
    'a value that is there',
    { op: 'add', path: 'emails', value: [{ type: 'work', value: 'w' }] },
    { emails: [work, home] },
  ],
  [
    'a new primary value',
    { op: 'add', path: 'emails', value: { type: 'o', value: 'o', primary: true } },
    { emails: [{ ...work, primary: false }, home, { type: 'o', value: 'o', primary: true }] },
  ],
  [
    'a value in place of all',
    { op: 'replace', path: 'emails', value: [{ value: 'n' }] },
    { emails: [{ value: 'n' }] },
  ],
  [
    'a value that a filter makes',
    { op: 'add', path: 'emails[type eq "new" and primary eq true].value', value: 'n' },
    { emails: [{ ...work, primary: false }, home, { type: 'new', primary: true, value: 'n' }] },
  ],
  [
    'a bracket in a text',
    { op: 'add', path: 'emails[type eq "]"].value', value: 'a.b' },
    { emails: [work, home, { type: ']', value: 'a.b' }] },
  ],
  [
    'what is read only, unnamed',
    { op: 'replace', value: { id: 'y', groups: [], shoeSize: 4, title: 't' } },
    { title: 't' },
  ],
  [
    'what is emptied by null',
    { op: 'replace', path: 'name.familyName', value: null },
    { name: { formatted: 'F', familyName: undefined } },
  ],
])('%s changes', (_, operation, change) => {
  expect(patch(operation)).toEqual({ ...user, ...change })
})

test('operations are done in their order, and the resource itself stays', () => {
  const before = structuredClone(user)
  const after = patch(
    { op: 'add', path: 'emails', value: { type: 'b', value: '1' } },
    { op: 'replace', path: 'emails[type eq "b"].value', value: '2' },
    { op: 'remove', path: 'emails[type ne "b"]' },
  )
  expect(after.emails).toEqual([{ type: 'b', value: '2' }])
  expect(user).toEqual(before)
})

test.each<[object, string]>([
  [{ op: 'replace', path: 'emails[type eq "zz"].value', value: 'n' }, 'scim-target-missing'],
  [{ op: 'add', path: 'emails[type co "zz"].value', value: 'n' }, 'scim-target-missing'],
  [{ op: 'remove', path: 'emails[type eq "zz"]' }, 'scim-target-missing'],
  [{ op: 'remove' }, 'scim-target-missing'],
  [{ op: 'remove', path: 'active' }, 'scim-mutability'],
  [{ op: 'replace', path: 'userName', value: '' }, 'scim-mutability'],
  [{ op: 'remove', path: ENTERPRISE_USER }, 'scim-mutability'],
  [{ op: 'replace', path: 'id', value: 'y' }, 'scim-mutability'],
  [{ op: 'add', path: 'groups', value: [{ value: 'y' }] }, 'scim-mutability'],
  [{ op: 'replace', path: `${EBS_USER}:accountStatus`, value: 'active' }, 'scim-mutability'],
  [{ op: 'replace', path: 'shoeSize', value: 44 }, 'scim-path-refused'],
  [{ op: 'replace', path: 'emails[', value: 'y' }, 'scim-path-refused'],
  [{ op: 'replace', path: 'userName[value eq "x"]', value: 'y' }, 'scim-path-refused'],
  [{ op: 'replace', path: '', value: 'y' }, 'scim-path-refused'],
  [{ op: 'replace', path: 'emails[type qq "x"]', value: 'y' }, 'scim-filter-refused'],
  [{ op: 'replace', path: 'emails[size eq "x"]', value: 'y' }, 'scim-filter-refused'],
  [{ op: 'replace', path: 'active', value: 'perhaps' }, 'scim-value-refused'],
  [{ op: 'replace', path: 'displayName', value: 5 }, 'scim-value-refused'],
  [{ op: 'replace', value: 'y' }, 'scim-value-refused'],
  [{ op: 'move', path: 'title', value: 'y' }, 'malformed-request'],
  [{ op: 'add', path: 7, value: 'y' }, 'malformed-request'],
  [{ op: 'add', path: `emails[${'].a'.repeat(2_000)}`, value: 'y' }, 'malformed-request'],
])('%j is refused as %s', (operation, code) => {
  expect(codeOf(() => patch(operation))).toBe(code)
})

test('a change has one operation at least, and not more than a hundred', () => {
  expect(codeOf(() => patched(User, user, {}))).toBe('malformed-request')
  expect(codeOf(() => patched(User, user, { Operations: [] }))).toBe('malformed-request')
  const many = Array.from({ length: 101 }, () => ({ op: 'add', path: 'title', value: 'x' }))
  expect(codeOf(() => patch(...many))).toBe('malformed-request')
  expect(patch(...many.slice(1)).title).toBe('x')
})

import { expect, test } from '@jest/globals'
import { Problem } from '@erp-steward/contracts/problem'
import type { Json, ResourceType } from '../../src/scim/rules/attribute.ts'
import { LONGEST_FILTER, parseFilter } from '../../src/scim/rules/filter.ts'
import { matches, type ValuesAt } from '../../src/scim/rules/matches.ts'
import { GROUP } from '../../src/scim/group-resource.ts'
import { ENTERPRISE_USER, User, USER } from '../../src/scim/user-resource.ts'

const user: Json = {
  userName: 'BJENSEN',
  active: true,
  title: null,
  displayName: '中文',
  name: { familyName: "O'Malley", formatted: 'Babs "B" Jensen' },
  emails: [
    { type: 'work', value: 'a@example.com', primary: true },
    { type: 'home', value: 'b@example.org' },
  ],
  meta: { created: '2026-01-01T08:00:00+08:00', lastModified: '2011-05-13T04:42:34Z' },
  groups: [],
  [ENTERPRISE_USER]: { employeeNumber: '701984', manager: { value: 'x' } },
}

/** The values of a resource that lies open. */
const valuesAt: ValuesAt = ({ urn, attribute, sub }) => {
  const from = urn === null ? user : (user[urn] as Json)
  const values = [from[attribute.name]].flat().filter((value) => value !== undefined)
  return sub === null ? values : values.map((value) => (Object(value) as Json)[sub.name])
}

/** The code of the problem that is thrown. */
function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
  return 'none'
}

const fits = (filter: string) => matches(parseFilter(filter, User), valuesAt)

// What the libraries of others were measured with, too: docs/adr.
test.each([
  ['userName eq "bjensen"', true],
  ['USERNAME eq "bjensen"', true],
  ['userName Eq "bjensen"', true],
  ['userName sw "BJ"', true],
  ['userName ew "sen"', true],
  ['userName co "JENS"', true],
  ['userName ne "x"', true],
  ['userName ne "bjensen"', false],
  ['userName gt "a"', true],
  ['userName lt "a"', false],
  ['title pr', false],
  ['groups pr', false],
  ['emails pr', true],
  ['emails.value pr', true],
  ['title eq null', true],
  ['title ne null', false],
  ['active eq true', true],
  ['active eq false', false],
  ['not (userName eq "x")', true],
  ['NOT (userName eq "x")', true],
  ['not(userName eq "x")', true],
  ['not (not (userName eq "x"))', false],
  ['title pr or userName eq "bjensen"', true],
  ['title pr and userName eq "bjensen"', false],
  ['title pr and userName eq "x" or active eq true', true],
  ['active eq true or title pr and userName eq "x"', true],
  ['(active eq true or title pr) and userName eq "x"', false],
  ['((userName eq "bjensen"))', true],
  ['( userName eq "bjensen" )', true],
  ['emails[type eq "work"]', true],
  ['emails[type eq "work" and value co "@example.com"]', true],
  ['emails[type eq "work" and value co "@example.org"]', false],
  ['emails[type eq "work" and (value co "org" or value co "com")]', true],
  ['emails[not (type eq "work")]', true],
  ['emails[type eq "other"]', false],
  ['emails[type eq "work"] and userName eq "x"', false],
  ['emails.type eq "home"', true],
  ['emails eq "a@example.com"', true],
  ['emails co "example.org"', true],
  ['meta.lastModified ge "2011-05-13T04:42:34Z"', true],
  ['meta.lastModified ge "2011-05-13T12:42:34+08:00"', true],
  ['meta.lastModified gt "2011-05-13T04:42:34Z"', false],
  ['meta.created eq "2026-01-01T00:00:00Z"', true],
  ['meta.created lt "2026-01-01T00:00:01Z"', true],
  [`${ENTERPRISE_USER}:employeeNumber eq "701984"`, true],
  [`${ENTERPRISE_USER}:manager.value eq "x"`, true],
  [`${ENTERPRISE_USER.toLowerCase()}:employeeNumber eq "701984"`, true],
  [`${USER}:userName eq "bjensen"`, true],
  ['name.formatted eq "babs \\"b\\" jensen"', true],
  ['name.familyName eq "o\'malley"', true],
  ['name.familyName co "\\u0027"', true],
  ['displayName eq "中文"', true],
  ['displayName co "文"', true],
  ['userName eq "a and b"', false],
  ['userName eq "x) or (active eq true"', false],
  ['userName eq "[x]"', false],
])('%s fits: %s', (filter, expected) => {
  expect(fits(filter)).toBe(expected)
})

test.each([
  '',
  ' ',
  'userName',
  'userName eq',
  'userName eq bjensen',
  'userName xx "y"',
  'userName eqq "y"',
  '(userName eq "x"',
  'userName eq "x")',
  'emails[type eq "work"',
  'emails[]',
  'emails.value[type eq "work"]',
  'userName[value eq "x"]',
  'userName eq "x" and',
  'and userName eq "x"',
  'not userName eq "x"',
  'userName eq "x" userName eq "y"',
  "userName eq 'x'",
  'userName eq "x\ny"',
  'userName eq "\\x"',
  'userName eq 5',
  'active gt true',
  'active eq "true"',
  'active co "t"',
  'meta.created eq "yesterday"',
  'meta.created co "2026"',
  'meta.created eq "2026-02-30T00:00:00Z"',
  'emails[type eq "work"].value eq "a"',
  'shoeSize eq "44"',
  `${GROUP}:displayName eq "x"`,
  'urn:ietf:params:scim:schemas:core:2.0:User eq "x"',
  `${'('.repeat(40)}title pr${')'.repeat(40)}`,
  `userName eq "${'x'.repeat(LONGEST_FILTER)}"`,
])('%s is no filter, and is refused as one', (filter) => {
  expect(codeOf(() => parseFilter(filter, User))).toBe('scim-filter-refused')
})

test('what has no name here is not looked for among other things', () => {
  const odd: ResourceType = { ...User, extensions: [] }
  expect(() => parseFilter(`${ENTERPRISE_USER}:employeeNumber pr`, odd)).toThrow()
})

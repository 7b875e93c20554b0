import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, Line, Uuid } from '@erp-steward/contracts/values'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { UserName } from '../accounts/account-change.ts'
import { Email, EmployeeNumber, PersonName } from '../people/person-values.ts'
import type { PlaceCodes } from '../people/place.ts'
import type { Json } from './rules/attribute.ts'
import type { ProfileTexts } from './scim-profile.ts'
import { EBS_USER, ENTERPRISE_USER } from './user-resource.ts'

/** What a client wants of a user. */
export interface UserWish {
  readonly userName: string
  readonly employeeNumber: string
  readonly name: string
  readonly email: string | null
  readonly place: PlaceCodes
  /** Undefined: not said. */
  readonly active: boolean | undefined
  readonly texts: ProfileTexts
  readonly managerId: string | null
}

/** Longest text that a client keeps of a person, in characters. */
const LONGEST = 200

const check = (schema: TSchema) => {
  const compiled = Compile(schema)
  return (value: unknown): value is string => compiled.Check(value)
}
const isUserName = check(UserName)
const isNumber = check(EmployeeNumber)
const isName = check(PersonName)
const isEmail = check(Email)
const isCode = check(Code)
const isText = check(Line(LONGEST))
const isId = check(Uuid)

/**
 * What a resource asks for, with the names and types of its schemas.
 *
 * @throws Problem `scim-value-refused` for what is missing, and for values that the register does not take
 */
export function wishOf(resource: Json): UserWish {
  const { userName, name, displayName, active, externalId, title } = resource
  const enterprise = Object(resource[ENTERPRISE_USER]) as Json
  const ebs = Object(resource[EBS_USER]) as Json
  const { familyName, givenName, formatted } = Object(name) as Json
  const texts = {
    externalId: optional(externalId, isText, 'externalId'),
    displayName: optional(displayName, isText, 'displayName'),
    familyName: optional(familyName, isText, 'name.familyName'),
    givenName: optional(givenName, isText, 'name.givenName'),
    title: optional(title, isText, 'title'),
  }
  const code = (value: unknown, key: string) => needed(upper(value), isCode, key)
  return {
    userName: needed(upper(userName), isUserName, 'userName'),
    employeeNumber: needed(enterprise.employeeNumber, isNumber, 'employeeNumber'),
    name: needed(formatted ?? nameOf(texts), isName, 'name.formatted'),
    email: emailIn(resource.emails),
    place: {
      unitCode: code(enterprise.organization, 'organization'),
      departmentCode: code(enterprise.department, 'department'),
      positionCode: code(ebs.position, 'position'),
    },
    active: typeof active === 'boolean' ? active : undefined,
    texts,
    managerId: managerIn(enterprise.manager),
  }
}

/** The whole name of somebody of whom only parts, or the name shown, were sent. Chinese names have no space. */
function nameOf({ familyName, givenName, displayName }: ProfileTexts): string | null {
  if (familyName === null || givenName === null) return displayName ?? familyName ?? givenName
  return /^\p{Script=Han}/u.test(familyName)
    ? `${familyName}${givenName}`
    : `${givenName} ${familyName}`
}

const upper = (value: unknown) =>
  typeof value === 'string' ? value.normalize('NFKC').trim().toUpperCase() : value

type Check = (value: unknown) => value is string

function needed(value: unknown, fits: Check, key: string): string {
  if (fits(value)) return value
  throw refused(key, said(`${key} is missing or not as it must be.`, `${key} 缺失或不符合要求。`))
}

function optional(value: unknown, fits: Check, key: string): string | null {
  return value === undefined || value === null ? null : needed(value, fits, key)
}

function emailIn(emails: unknown): string | null {
  const values = Array.isArray(emails) ? (emails as Json[]) : []
  if (values.length > 1)
    throw refused('emails', said('A person has one address here.', '每名人员仅可登记一个邮箱。'))
  const [email] = values
  if (email === undefined) return null
  const { type = 'work', value } = email
  if (typeof type !== 'string' || type.toLowerCase() !== 'work')
    throw refused('emails.type', said('The address is of type work.', '邮箱类型应为 work。'))
  return needed(value, isEmail, 'emails.value')
}

function managerIn(manager: unknown): string | null {
  const { value } = Object(manager) as Json
  return optional(value, isId, 'manager.value')
}

function refused(key: string, detail: ReturnType<typeof said>): Problem {
  return new Problem('scim-value-refused', detail, { errors: [{ pointer: `#/${key}`, detail }] })
}

import { caller, type TestCaller } from '@erp-steward/test-kit/tokens'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { EBS_USER, ENTERPRISE_USER, USER } from '../../src/scim/user-resource.ts'
import { as } from '../directory-stage.ts'

/** A program that keeps people in step, the same one on every call. */
export const provisioner = (claims: Partial<TestCaller> = {}) => as('PROVISIONING_CLIENT', claims)

/** Another one. */
export const otherProvisioner = () => caller({ roles: ['PROVISIONING_CLIENT'] })

export interface ScimAnswer {
  readonly status: number
  readonly type: string
  readonly etag: string | undefined
  readonly location: string | undefined
  readonly allow: string | undefined
  readonly body: Record<string, unknown>
}

export interface ScimCall {
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Record<string, string>
  readonly as?: Record<string, string>
}

/** Speaks SCIM with the service. */
export async function scim(
  { app }: TestService,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, query = {}, headers = {}, as: who = provisioner() }: ScimCall = {},
): Promise<ScimAnswer> {
  const search = new URLSearchParams(query).toString()
  const answer = await app.inject({
    method,
    url: `/scim/v2${path}${search === '' ? '' : `?${search}`}`,
    headers: {
      ...who,
      ...(body !== undefined && { 'content-type': 'application/scim+json' }),
      ...headers,
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  const header = (name: string) => {
    const value = answer.headers[name]
    return value === undefined ? undefined : String(value)
  }
  return {
    status: answer.statusCode,
    type: header('content-type') ?? '',
    etag: header('etag'),
    location: header('location'),
    allow: header('allow'),
    body: answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>),
  }
}

/** Status and word of a refusal. */
export const refused = async (answer: Promise<ScimAnswer>) => {
  const { status, body } = await answer
  return [status, body.scimType]
}

/** A user to send: a clerk of NORTH/FIN if not said otherwise. */
export const newUser = (number: string, members: object = {}, place: object = {}) => ({
  schemas: [USER, ENTERPRISE_USER, EBS_USER],
  userName: `U.${number}`,
  name: { formatted: `人员${number}` },
  active: true,
  [ENTERPRISE_USER]: {
    employeeNumber: number,
    organization: 'NORTH',
    department: 'FIN',
    ...place,
  },
  [EBS_USER]: { position: 'CLERK' },
  ...members,
})

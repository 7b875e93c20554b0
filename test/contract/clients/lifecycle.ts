// The life of an account by a client that openapi-typescript generated: taken in, its rights changed, frozen and freed, left.
import { randomUUID } from 'node:crypto'
import createClient from 'openapi-fetch'
import type { paths } from './steward.d.ts'

const environment = (name: string) => process.env[name] ?? ''
const baseUrl = environment('STEWARD')

function must<Data>({
  data,
  error,
  response,
}: {
  data?: Data
  error?: unknown
  response: Response
}): Data {
  if (data === undefined)
    throw new Error(`${response.url} answered ${response.status}: ${JSON.stringify(error)}`)
  return data
}

const anybody = createClient<paths>({ baseUrl })
const as = (token: string) =>
  createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } })
const signIn = async (userName: string) => {
  const password = environment(`${userName}_PASSWORD`)
  const body = { userName, password, code: environment(`${userName}_CODE`) }
  return as(must(await anybody.POST('/v1/sessions', { body })).accessToken)
}
const once = () => ({ 'Idempotency-Key': randomUUID() })
const version = ({ response }: { response: Response }) => response.headers.get('etag') ?? ''

const system = await signIn('SYSADM')
const security = await signIn('SECADM')
const granted = must(
  await anybody.POST('/v1/tokens', {
    body: {
      grant_type: 'client_credentials',
      client_id: environment('CLIENT_ID'),
      client_secret: environment('CLIENT_SECRET'),
    },
  }),
)
const script = as(granted.access_token)

const me = must(await script.GET('/v1/me'))
if (me.kind !== 'client' || !me.permissions.includes('person.manage')) throw new Error('who am I?')

// Taken in, once, though it is said twice.
const hire = {
  params: { header: once() },
  body: {
    ...{ employeeNumber: 'TS-1', name: '王小明', unitCode: 'U1', departmentCode: 'FIN' },
    ...{ positionCode: 'CLERK', accountUserName: 'WANG.TS' },
  },
}
const person = must(await script.POST('/v1/persons', hire))
const again = await script.POST('/v1/persons', hire)
if (must(again).id !== person.id || again.response.headers.get('idempotency-replayed') !== 'true')
  throw new Error('a repeated creation made something')

const id = person.accountId ?? ''
const states: string[] = []
const account = async () => {
  const read = await security.GET('/v1/accounts/{id}', { params: { path: { id } } })
  states.push(must(read).status)
  return version(read)
}
await account()

// Rights: the system administrator asks, the security administrator agrees to what was read.
const asked = must(
  await system.POST('/v1/account-changes', {
    params: { header: once() },
    body: {
      change: {
        ...{ kind: 'set-position-roles', positionCode: 'CLERK', roles: ['END_USER'] },
        responsibilities: [{ application: 'SQLAP', key: 'AP_TS', securityGroup: 'STANDARD' }],
        ebsRoles: [],
      },
      reason: 'Clerks pay invoices, too.',
    },
  }),
)
const path = { id: asked.id }
const change = await security.GET('/v1/account-changes/{id}', { params: { path } })
const approved = must(
  await security.POST('/v1/account-changes/{id}/approve', {
    params: { path, header: { 'If-Match': version(change) } },
  }),
)
const position = must(
  await system.GET('/v1/positions/{code}', { params: { path: { code: 'CLERK' } } }),
)
if (approved.status !== 'approved' || position.responsibilities[0]?.key !== 'AP_TS')
  throw new Error('the rights are the old ones')

// Frozen at once, and freed by who has read the newest version.
must(
  await script.POST('/v1/accounts/lockdowns', {
    body: { userName: 'WANG.TS', reason: 'Lost a phone.' },
  }),
)
const frozen = await account()
const unfreeze = (etag: string) =>
  security.POST('/v1/accounts/{id}/unfreeze', {
    params: { path: { id }, header: { 'If-Match': etag } },
    body: { reason: 'Found it.' },
  })
const stale = await unfreeze('"99"')
if (stale.error?.code !== 'version-stale') throw new Error('a stale version was taken')
must(await unfreeze(frozen))
await account()

const read = await script.GET('/v1/persons/{id}', { params: { path: { id: person.id } } })
must(
  await script.POST('/v1/persons/{id}/leave', {
    params: { path: { id: person.id }, header: { 'If-Match': version(read) } },
    body: { kind: 'resignation' },
  }),
)
await account()
process.stdout.write(states.join(' '))

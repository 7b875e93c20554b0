import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { permissions, roles, type Permission, type Role } from '@erp-steward/contracts/permissions'
import { serviceNames } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { bearer, testKeys } from '@erp-steward/test-kit/tokens'
import type { RouteOptions } from 'fastify'
import { gatewayOfNoSite } from '../scripts/gateway-of-no-site.ts'
import { serviceOfNoSite } from '../scripts/generated-documents.ts'
import { holders, matrixRows, passes, type Holder, type MatrixRow } from '../scripts/role-matrix.ts'

const ID = '0195f2a0-0000-7000-8000-000000000001'

/** One token for each, signed once: what is measured is the door, not the signature. */
const tokenOf = new Map<Holder | 'no token', Record<string, string>>([
  ...holders.map((holder): [Holder, Record<string, string>] => [
    holder,
    bearer({ roles: holder === 'no role' ? [] : [holder], person: ID, unit: ID }),
  ]),
  ['no token', {}],
])

interface Called {
  readonly status: number
  readonly code: string
  readonly permission?: string
}

async function call(
  app: App,
  { method, path }: Pick<MatrixRow, 'method' | 'path'>,
  as: Holder | 'no token',
): Promise<Called> {
  const answer = await app.inject({
    method: method as 'GET',
    url: path.replaceAll(/\{.*?\}/g, ID),
    headers: tokenOf.get(as) ?? {},
  })
  return {
    status: answer.statusCode,
    ...refusalIn(String(answer.headers['content-type']), answer.body),
  }
}

/** The code of a refusal, and the permission that it names. */
function refusalIn(type: string, body: string): Omit<Called, 'status'> {
  if (body === '' || !type.includes('json')) return { code: '' }
  const { code, permission, detail, status } = JSON.parse(body) as Readonly<Record<string, string>>
  if (type.includes('problem+json'))
    return { code: code ?? '', ...(permission !== undefined && { permission }) }
  // SCIM has no codes of ours: the sentence names the permission.
  const [, needed] = /^This operation needs the permission (.*)\.$/.exec(detail ?? '') ?? []
  if (needed !== undefined) return { code: 'permission-missing', permission: needed }
  return { code: type.includes('scim+json') && status === '401' ? 'unauthenticated' : '' }
}

/** What was answered otherwise than the row says, in words. */
async function deviations(app: App, row: MatrixRow): Promise<string[]> {
  const found: string[] = []
  for (const as of tokenOf.keys()) {
    const { status, code, permission } = await call(app, row, as)
    const refused = status === 403 && code === 'permission-missing' && permission === row.access
    const unknown = status === 401 && code === 'unauthenticated'
    const isRight =
      as === 'no token'
        ? row.access === 'public' || unknown
        : passes(row, as)
          ? // Rules of range and of persons come after the rights, and some refuse with 403, too.
            code !== 'permission-missing' && (row.access === 'public' || status !== 401)
          : refused
    if (!isRight)
      found.push(
        `${row.method} ${row.path} answered ${as} with ${String(status)} ${code} ${permission ?? ''}`,
      )
  }
  return found
}

describe.each(serviceNames)('in %s', (name) => {
  let app: App
  const routes: RouteOptions[] = []
  let rows: MatrixRow[]
  beforeAll(async () => {
    app = await serviceOfNoSite(name, testKeys, (route) => routes.push(route))
    rows = matrixRows(name, openApiOf(app))
  })
  afterAll(() => app.close())

  test('[A-4.2.4][A-4.3.3] every operation answers every role as the matrix of roles and operations says', async () => {
    const found: string[] = []
    for (const row of rows) found.push(...(await deviations(app, row)))
    expect(found).toEqual([])
    expect(rows.length).toBeGreaterThan(20)
  })

  test('[A-4.2.4] no route is beside the matrix but those between processes, which no token opens', async () => {
    const known = new Set(rows.map(({ method, path }) => `${method} ${path}`))
    const beside = routes
      .flatMap(({ method, url, config }) =>
        [method].flat().map((each) => ({ method: each, path: braced(url), config })),
      )
      // A HEAD comes with its GET.
      .filter(({ method, path }) => !known.has(`${method === 'HEAD' ? 'GET' : method} ${path}`))
    const found: string[] = []
    for (const route of beside) {
      expect([route.path, route.config?.access]).toEqual([route.path, 'internal'])
      for (const as of tokenOf.keys()) {
        const { status } = await call(app, route, as)
        if (status !== 401) found.push(`${route.path} answered ${as} with ${String(status)}`)
      }
    }
    expect(beside.length).toBeGreaterThan(0)
    expect(found).toEqual([])
  })
})

test('[A-4.2.4] the own operations of the gateway answer every role as the matrix says', async () => {
  const { app, end } = await gatewayOfNoSite(testKeys)
  const rows = matrixRows('gateway', openApiOf(app))
  const found: string[] = []
  for (const row of rows) found.push(...(await deviations(app, row)))
  await end()
  expect(found).toEqual([])
  expect(rows.map(({ operationId }) => operationId)).toContain('readAttention')
})

test('a door that asks for another permission than it says, or for none, would be found', async () => {
  const app = await serviceOfNoSite('assessment', testKeys)
  const [row] = matrixRows('assessment', openApiOf(app)).filter(
    ({ access }) => access === 'score.publish',
  )
  if (row === undefined) throw new Error('nothing asks for score.publish')
  expect(await deviations(app, row)).toEqual([])
  const wider = await deviations(app, { ...row, access: 'score.read' })
  expect(wider).toContainEqual(expect.stringContaining('KEY_USER with 403 permission-missing'))
  const narrower = await deviations(app, { ...row, access: 'audit.read' })
  expect(narrower).toHaveLength(roles.length + 1)
  expect(await deviations(app, { ...row, access: 'public' })).toHaveLength(roles.length)
  await app.close()
})

const administrators: readonly Role[] = ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN']
const held = (permission: Permission): readonly Role[] => permissions[permission]

test('[A-4.3.4] the ledger is read and verified by the audit administrator alone', () => {
  expect([held('audit.read'), held('audit.verify')]).toEqual([['AUDIT_ADMIN'], ['AUDIT_ADMIN']])
})

/** What is done for the business: its work, its approvals, its measures. */
const BUSINESS =
  /^(ticket\.(work|reassign|confirm)|change\.(submit|approve|execute|review)|restore\.|score\.(compute|publish)|appeal\.(file|decide)|inspection\.(work|plan)|time-node\.(plan|complete)|observation\.record|entry-count\.|person\.manage|access-request\.submit|backup\.execute|provisioning\.work|reconciliation\.upload)/

test('[A-4.3.3] the three administrators do no work of the business and approve none', () => {
  const business = (Object.keys(permissions) as Permission[]).filter((name) => BUSINESS.test(name))
  expect(business.length).toBeGreaterThan(20)
  const theirs = business.filter((name) => held(name).some((role) => administrators.includes(role)))
  expect(theirs).toEqual([])
})

test.each<[Permission, Permission]>([
  ['parameter.change', 'parameter.decide'],
  ['sod.propose', 'sod.decide'],
  ['access-request.submit', 'access-request.decide'],
  ['organisation.manage', 'organisation.decide'],
  ['dead-letter.handle', 'dead-letter.decide'],
  ['account.freeze', 'account.unfreeze'],
])(
  '[A-4.3.3] neither the system nor the audit administrator holds both %s and %s',
  (ask, decide) => {
    const both = administrators.filter(
      (role) => held(ask).includes(role) && held(decide).includes(role),
    )
    // The security administrator also freezes: that takes away, and who releases is another person than who froze.
    expect(both.filter((role) => role !== 'SECURITY_ADMIN')).toEqual([])
  },
)

/** As the document writes the path of a route. */
function braced(url: string): string {
  return url.replaceAll(/:(\w+)/g, '{$1}')
}

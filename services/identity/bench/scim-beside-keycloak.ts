// People kept by SCIM, one call after the other, beside a Keycloak on the same PostgreSQL.
// Standalone: node services/identity/bench/scim-beside-keycloak.ts
import { atOnce } from '@erp-steward/test-kit/at-once'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import type { TestService } from '@erp-steward/test-kit/test-service'
import pg from 'pg'
import { identityStage } from '../test/account-stage.ts'
import { as, responsibility, setRights, smallCompany } from '../test/directory-stage.ts'
import { newUser, provisioner } from '../test/scim/scim-stage.ts'
import { startKeycloak, type Keycloak } from './keycloak.ts'

const WARM_UP = 300
const CREATED = 500
const PEOPLE = 10_000
const PAGES = 100
/** One list of joiners may have so many rows. */
const LIST = 5_000

export const bottleneck =
  'SCIM: a user that is created is a person, an account, its rights and its tasks in EBS, with the facts of each; a page is the ' +
  'opening of its sealed members.'

/** Both over HTTP on loopback, one caller: how long one call takes. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const ours = await measureOurs()
  const theirs = await measureKeycloak()
  if (theirs === null) {
    process.stderr.write('Keycloak could not be fetched, its rows are left out\n')
    return []
  }
  const reference = 'Keycloak 26.7.3 with its SCIM server, on the same PostgreSQL'
  const note = (mine: number, other: number) =>
    `one caller over HTTP: ${(1_000 / mine).toFixed(1)} against ${(1_000 / other).toFixed(1)} ms a call; CPU of caller and service, without PostgreSQL`
  return [
    {
      ...{ name: 'users created by SCIM, beside Keycloak', reference, unit: 'users/s' },
      ...{ ours: ours.created, theirs: theirs.created },
      cpuMicrosPerUnit: ours.cpuOfCreated,
      note: note(ours.created, theirs.created),
    },
    {
      ...{
        name: 'pages of 50 of 10,000 users by SCIM, beside Keycloak',
        reference,
        unit: 'pages/s',
      },
      ...{ ours: ours.pages, theirs: theirs.pages },
      cpuMicrosPerUnit: ours.cpuOfPages,
      note: note(ours.pages, theirs.pages),
    },
  ]
}

const pageAt = (at: number) => `/Users?startIndex=${String(1 + ((at * 97) % 9_900))}&count=50`

async function measureOurs() {
  const stage = await identityStage()
  try {
    await smallCompany(stage)
    await setRights(stage, 'CLERK', {
      roles: ['END_USER'],
      responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    })
    const address = await stage.app.listen({ host: '127.0.0.1', port: 0 })
    const ask = async (method: 'GET' | 'POST', path: string, body?: object) => {
      const answer = await fetch(`${address}/scim/v2${path}`, {
        method,
        headers: { ...provisioner(), 'content-type': 'application/scim+json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${text}`)
      return JSON.parse(text) as unknown
    }
    const create = (tag: string) => async (at: number) => {
      await ask('POST', '/Users', newUser(`${tag}${String(at)}`))
    }
    await atOnce(WARM_UP, 1, create('W'))
    let cpu = ownCpuMicros()
    const created = await atOnce(CREATED, 1, create('C'))
    const cpuOfCreated = (ownCpuMicros() - cpu) / CREATED
    for (let from = 0; from < PEOPLE; from += LIST) await fill(stage, from)
    await stage.db.query('analyze')
    const turn = async (at: number) => {
      await ask('GET', pageAt(at))
    }
    await atOnce(PAGES / 2, 1, turn)
    cpu = ownCpuMicros()
    const pages = await atOnce(PAGES, 1, turn)
    return { created, cpuOfCreated, pages, cpuOfPages: (ownCpuMicros() - cpu) / PAGES }
  } finally {
    await stage.release()
  }
}

async function fill({ app }: TestService, from: number): Promise<void> {
  const rows = Array.from({ length: LIST }, (_, at) => {
    const tag = `F${String(from + at)}`
    return `${tag},Filler ${tag},NORTH,FIN,CLERK,${tag}@example.test`
  })
  const answer = await app.inject({
    ...{ method: 'POST', url: '/v1/imports/persons' },
    headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
    payload: ['employeeNumber,name,unitCode,departmentCode,positionCode,email', ...rows].join('\n'),
  })
  if (answer.statusCode !== 200) throw new Error(answer.body)
}

async function measureKeycloak() {
  const server = new URL(String(process.env.STEWARD_TEST_POSTGRES))
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query('create database keycloak_bench')
  const database = new URL(server)
  database.pathname = '/keycloak_bench'
  let keycloak: Keycloak | null = null
  try {
    keycloak = await startKeycloak(database)
    if (keycloak === null) return null
    const { scim, fill: fillRealm } = keycloak
    const create = (tag: string) => async (at: number) => {
      await scim('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        ...{ userName: `${tag}${String(at)}`, active: true },
        name: { familyName: tag, givenName: String(at) },
        emails: [{ value: `${tag}${String(at)}@example.test`, primary: true }],
      })
    }
    await atOnce(WARM_UP, 1, create('w'))
    const created = await atOnce(CREATED, 1, create('c'))
    await fillRealm(PEOPLE)
    const turn = async (at: number) => {
      await scim('GET', pageAt(at))
    }
    await atOnce(PAGES / 2, 1, turn)
    return {
      created,
      pages: await atOnce(PAGES, 1, turn),
    }
  } finally {
    await keycloak?.stop()
    await client.query('drop database keycloak_bench with (force)')
    await client.end()
  }
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}

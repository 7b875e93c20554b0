import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  createPersonalData,
  holdPersonalData,
  type PersonalData,
} from '@erp-steward/service-kit/personal-data'
import { createLog } from '@erp-steward/service-kit/log'
import { buildService } from '@erp-steward/service-kit/service'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import {
  TEST_PERSONAL_DATA,
  TEST_PERSONAL_DATA_KEYS,
  TEST_PERSONAL_INDEX_KEY,
} from '@erp-steward/test-kit/personal-data'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { testKeys } from '@erp-steward/test-kit/tokens'
import { sealInClear } from '../../src/people/seal-in-clear.ts'
import { identity } from '../../src/service.ts'
import { identityStage, TEST_IDENTITY_CONFIG } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  join,
  joined,
  lease,
  ok,
  onPerson,
  refusal,
  report,
  responsibility,
  setRights,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
})
afterAll(() => stage.release())

/** Tables and columns of all schemas in which one of the marks lies, whatever its case. */
async function foundInClear(marks: readonly string[]): Promise<string[]> {
  const columns: { schema: string; table: string; column: string; type: string }[] =
    await stage.db.query(
      `select c.table_schema as schema, c.table_name as table, c.column_name as column,
            c.data_type as type
       from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')`,
    )
  const found: string[] = []
  for (const { schema, table, column, type } of columns) {
    const text = type === 'bytea' ? `encode("${column}", 'escape')` : `"${column}"::text`
    const rows: unknown[] = await stage.db.query(
      `select from "${schema}"."${table}" where exists (
         select from unnest($1::text[]) as mark where position(lower(mark) in lower(${text})) > 0) limit 1`,
      [marks],
    )
    if (rows.length > 0) found.push(`${schema}.${table}.${column}`)
  }
  return found
}

interface Shown {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly birthday: string | null
  readonly employeeNumber: string
}

const read = (id: string, headers: Record<string, string>) =>
  ok<Shown>(call(stage, { method: 'GET', url: `/v1/persons/${id}`, headers }))

const search = async (query: Record<string, string>) => {
  const url = `/v1/persons?${new URLSearchParams(query).toString()}`
  const page = await ok<{ items: Shown[] }>(
    call(stage, { method: 'GET', url, headers: as('SCRIPT') }),
  )
  return page.items.map(({ id }) => id)
}

const eventsOf = async (type: string) =>
  (await queuedEvents(stage.db)).filter((event) => event.type === type)

test('[A-4.3.1] no column of any table holds a name, an address, a number or a birthday in clear, whatever happens to the person', async () => {
  const marks = [
    'Quirinius',
    'Zebedee',
    'quirin.z',
    'XQ77Z0041',
    'Wolfgangina',
    'wolfg.ina',
    'XQ77Z0042',
    '1947-03-19',
    '1948-07-23',
    '1949-09-29',
    '1951-11-13',
  ]
  const key = randomUUID()
  const joiner = {
    employeeNumber: 'XQ77Z0041',
    name: 'Quirinius',
    email: 'quirin.z@example.test',
    birthday: '1947-03-19',
    accountUserName: 'XQ77Z0041',
  }
  const headers = { ...as('SCRIPT'), 'idempotency-key': key }
  const first = await ok<Shown & { version: number }>(join(stage, joiner, headers))
  expect(first).toMatchObject({ name: 'Quirinius', employeeNumber: 'XQ77Z0041' })
  // The answer that is kept for a repetition shows the same, and is sealed as well.
  expect(await ok(join(stage, joiner, headers))).toEqual(first)
  const renamed = await ok<Shown & { version: number }>(
    call(stage, {
      method: 'PATCH',
      url: `/v1/persons/${first.id}`,
      headers: as('SCRIPT'),
      payload: { name: 'Zebedee', birthday: '1948-07-23' },
      version: first.version,
    }),
  )
  expect(renamed).toMatchObject({ name: 'Zebedee', birthday: '1948-07-23' })
  const list = [
    'employeeNumber,name,unitCode,departmentCode,positionCode,email,accountUserName,birthday',
    'XQ77Z0042,Wolfgangina,NORTH,FIN,CLERK,wolfg.ina@example.test,WOLFG.INA,1949-09-29',
  ].join('\n')
  await ok(
    call(stage, {
      method: 'POST',
      url: '/v1/imports/persons?mode=all-or-none',
      headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
      payload: list,
    }),
  )
  for (let tasks = await lease(stage); tasks.length > 0; tasks = await lease(stage))
    for (const task of tasks) {
      if (task.kind === 'create-user')
        expect(String(task.call.arguments.x_description)).toMatch(/Quirinius|Wolfgangina/)
      await ok(report(stage, task))
    }
  const left = await ok<PersonView>(onPerson(stage, renamed, 'leave', { kind: 'dismissal' }))
  const back = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  const rejoined = await ok<Shown>(
    onPerson(stage, left, 'rejoin', { ...back, birthday: '1951-11-13' }),
  )
  expect(rejoined.birthday).toBe('1951-11-13')
  expect(await foundInClear(marks)).toEqual([])
  // The search itself finds what lies in clear.
  expect(await foundInClear(['北方公司'])).toContain('identity.unit.name')
})

describe('[A-4.3.1] a person is found', () => {
  test('by the whole number, name or address, whatever the case, and by no part of them', async () => {
    const tag = randomUUID().slice(0, 8)
    const name = `Ähren ${tag}`
    const { id } = await joined(stage, { employeeNumber: `N${tag}`, name, email: `${tag}@a.test` })
    expect(await search({ employeeNumber: `n${tag}` })).toEqual([id])
    expect(await search({ name: name.toUpperCase() })).toEqual([id])
    expect(await search({ email: `${tag.toUpperCase()}@A.TEST` })).toEqual([id])
    expect(await search({ name: name.slice(0, -1) })).toEqual([])
    expect(await search({ name: `N${tag}` })).toEqual([])
  })

  test('though the number is written in another case: it is taken, by hand and by a list', async () => {
    const number = `twin${randomUUID().slice(0, 8)}`
    await joined(stage, { employeeNumber: number })
    const upper = number.toUpperCase()
    expect(await refusal(join(stage, { employeeNumber: upper }))).toEqual([
      409,
      'employee-number-taken',
    ])
    const list = `employeeNumber,name,unitCode,departmentCode,positionCode\n${upper},张三,NORTH,FIN,CLERK`
    const { counts } = await ok<{ counts: Record<string, number> }>(
      call(stage, {
        method: 'POST',
        url: '/v1/imports/persons',
        headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
        payload: list,
      }),
    )
    expect(counts).toMatchObject({ created: 0, unchanged: 1 })
  })

  test('once, when the same number joins twice at the same moment', async () => {
    const number = randomUUID().slice(0, 8)
    const both = [number.toLowerCase(), number.toUpperCase()]
    const answers = await Promise.all(both.map((employeeNumber) => join(stage, { employeeNumber })))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
  })
})

describe('[A-4.3.1][A-4.3.3] who may not read what identifies people sees it masked', () => {
  const whole = {
    name: '欧阳娜娜',
    email: 'ou.yang@example.test',
    employeeNumber: '10012345',
    birthday: '1956-02-28',
  }
  const masked = {
    name: '欧*',
    email: 'o***@example.test',
    employeeNumber: '***2345',
    birthday: '****-**-**',
  }
  let id: string
  beforeAll(async () => {
    id = (await joined(stage, { ...whole, accountUserName: 'U-MASKED' })).id
  })
  const leaderOf = (unit: string) => as('BUSINESS_OWNER', { unit, range: 'unit' })

  test.each(['OM_AUTHORITY', 'SECURITY_ADMIN', 'SCRIPT', 'MIDDLEWARE'] as const)(
    '%s reads it',
    async (role) => {
      expect(await read(id, as(role))).toMatchObject(whole)
    },
  )

  test.each(['SYSTEM_ADMIN', 'AUDIT_ADMIN', 'OM_PROVIDER'] as const)(
    '%s does not, in the list as little',
    async (role) => {
      expect(await read(id, as(role))).toMatchObject(masked)
      const url = `/v1/persons?employeeNumber=${whole.employeeNumber}`
      const { items } = await ok<{ items: Shown[] }>(
        call(stage, { method: 'GET', url, headers: as(role) }),
      )
      expect(items).toEqual([expect.objectContaining(masked)])
    },
  )

  test('a colleague of the unit reads name and address, to reach the person, and neither number nor birthday', async () => {
    const { employeeNumber, birthday } = masked
    const reached = { ...whole, employeeNumber, birthday }
    expect(await read(id, leaderOf(company.north.id))).toMatchObject(reached)
  })

  test('a colleague of another unit reads nothing', async () => {
    const asked = call(stage, {
      method: 'GET',
      url: `/v1/persons/${id}`,
      headers: leaderOf(company.south.id),
    })
    expect(await refusal(asked)).toEqual([404, 'not-found'])
  })

  test('the person reads it about himself', async () => {
    expect(await read(id, as('OM_PROVIDER', { person: id }))).toMatchObject(whole)
  })

  test('the name of an account follows', async () => {
    const nameFor = async (role: 'AUDIT_ADMIN' | 'SECURITY_ADMIN') => {
      const url = `/v1/accounts?personId=${id}`
      const { items } = await ok<{ items: { personName: string }[] }>(
        call(stage, { method: 'GET', url, headers: as(role) }),
      )
      return items.map(({ personName }) => personName)
    }
    expect(await nameFor('AUDIT_ADMIN')).toEqual(['欧*'])
    expect(await nameFor('SECURITY_ADMIN')).toEqual(['欧阳娜娜'])
  })

  test('a user name, which is made from name or number, is masked where people are listed', async () => {
    const userNameFor = async (role: 'OM_PROVIDER' | 'SCRIPT') =>
      ((await read(id, as(role))) as Shown & { userName: string }).userName
    expect(await userNameFor('OM_PROVIDER')).toBe('U*')
    expect(await userNameFor('SCRIPT')).toBe('U-MASKED')
  })

  test('a provisioning task shows the user and not who it is', async () => {
    const list = async (role: 'AUDIT_ADMIN' | 'MIDDLEWARE') => {
      const url = '/v1/provisioning-tasks?userName=U-MASKED'
      const page = await ok<{ items: { call: { arguments: Record<string, unknown> } }[] }>(
        call(stage, { method: 'GET', url, headers: as(role) }),
      )
      return page.items[0]?.call.arguments
    }
    expect(await list('AUDIT_ADMIN')).toMatchObject({
      x_user_name: 'U-MASKED',
      x_description: '***',
      x_email_address: '***',
    })
    expect(await list('MIDDLEWARE')).toMatchObject({ x_email_address: whole.email })
  })
})

describe('[A-4.3.1] what lay in clear before', () => {
  /** A row as it was before rows were sealed. */
  async function inClear(): Promise<string> {
    const { id } = await joined(stage, { name: 'Sealed Later', email: `${randomUUID()}@a.test` })
    await stage.db.query('alter table person drop constraint person_sealed_check')
    await stage.db.query(
      `update person set name = 'Klara Klartext', email = 'klara@example.test', employee_number = 'K' || id,
              employee_number_lookup = null, name_lookup = null, email_lookup = null
        where id = $1`,
      [id],
    )
    await stage.db.query(
      `update provisioning_task set expected = '{"userName": "KLARA.K", "description": "Klara Klartext"}'
        where kind = 'create-user' and account_id = (select id from account where person_id = $1)`,
      [id],
    )
    await stage.db.query('alter table account drop constraint account_user_name_sealed_check')
    await stage.db.query(
      `update account set user_name = 'KLARA.K', user_name_lookup = null where person_id = $1`,
      [id],
    )
    await stage.db.query(
      `insert into account_change (id, kind, subject_id, command, reason, status, requested_by, requested_at, version)
       values ($1, 'create-account', $1, $2, 'before', 'rejected', 'somebody', now(), 1)`,
      [randomUUID(), { kind: 'create-account', personId: id, userName: 'KLARA.K' }],
    )
    await stage.db.query(
      `update outbox set payload = jsonb_set(payload::jsonb, '{data,name}', '"Klara Klartext"')::json
        where aggregateid = $1 and type like '%person-changed%'`,
      [id],
    )
    await stage.db.query(
      `update idempotency_key set body = '{"name": "Klara Klartext"}'
        where key in (select key from idempotency_key where body is not null limit 1)`,
    )
    return id
  }
  const constraint = () =>
    stage.db.query(
      `alter table person add constraint person_sealed_check check (name ~ '^[0-9a-f]{8}\\.') not valid`,
    )

  test('is stated, sealed before the first request, told to every copy, and then stated as sealed', async () => {
    const id = await inClear()
    await runTask(stage, 'state-sealing')
    const [stated] = await eventsOf('identity.security.sensitive-data-in-clear.v1')
    expect(stated?.data).toMatchObject({
      rowsInClear: {
        ...{ person: 1, account: 1, account_change: 1, provisioning_task: 1 },
        ...{ idempotency_key: 1, outbox: 1 },
      },
    })
    const told = (await eventsOf('identity.directory.person-changed.v1')).length
    await sealInClear(stage.db, stage.now)
    await constraint()
    expect(await foundInClear(['Klara', 'klara@'])).toEqual([])
    expect(await read(id, as('SCRIPT'))).toMatchObject({
      name: 'Klara Klartext',
      email: 'klara@example.test',
    })
    expect(await search({ name: 'klara klartext' })).toEqual([id])
    const accounts = await ok<{ items: { personId: string }[] }>(
      call(stage, {
        method: 'GET',
        url: '/v1/accounts?userName=KLARA.K',
        headers: as('SECURITY_ADMIN'),
      }),
    )
    expect(accounts.items.map(({ personId }) => personId)).toEqual([id])
    expect(await eventsOf('identity.directory.person-changed.v1')).toHaveLength(told + 1)
    const sealed = await eventsOf('identity.security.sensitive-data-sealed.v1')
    expect(sealed).toHaveLength(1)
    expect(sealed[0]?.data).toMatchObject({ keyId: TEST_PERSONAL_DATA.sealingKeyId })
  })

  test('is sealed once: a second start changes nothing', async () => {
    const versions = () => stage.db.query('select id, version, name from person order by id')
    await sealInClear(stage.db, stage.now)
    const before: unknown = await versions()
    await sealInClear(stage.db, stage.now)
    expect(await versions()).toEqual(before)
  })

  test('cannot come back: the table takes no name and no birthday in clear', async () => {
    const { id } = await joined(stage)
    await expect(
      stage.db.query(`update person set name = 'Klara Klartext' where id = $1`, [id]),
    ).rejects.toThrow('person_sealed_check')
    await expect(
      stage.db.query(
        `update person set birthday = '1970-01-01', twin_lookup = name_lookup where id = $1`,
        [id],
      ),
    ).rejects.toThrow('person_birthday_sealed_check')
  })
})

test('[A-4.3.1] a new key seals everything again, the old one is then not needed, and the new look-ups find everybody and their twins', async () => {
  const [email, birthday] = [`${randomUUID()}@a.test`, '1961-06-01']
  const { id } = await joined(stage, { name: 'Rota Tion', email, birthday })
  const admitted = { name: 'Rota Twice', email: `${randomUUID()}@a.test`, birthday }
  const first = await joined(stage, admitted)
  for (const kind of ['share-address', 'admit-namesake'])
    await ok(approve(stage, await ask(stage, { kind, personId: first.id })))
  const newest = Buffer.alloc(32, 21).toString('base64')
  const index = Buffer.alloc(32, 22).toString('base64')
  const hold = (personalData: PersonalData) => {
    for (const db of [stage.db, stage.serviceDb]) holdPersonalData(db, personalData)
  }
  hold(createPersonalData(`${newest},${TEST_PERSONAL_DATA_KEYS}`, index))
  await sealInClear(stage.db, stage.now)
  hold(createPersonalData(newest, index))
  expect(await read(id, as('SCRIPT'))).toMatchObject({ name: 'Rota Tion', birthday })
  expect(await refusal(join(stage, { name: 'rota tion', birthday }))).toEqual([409, 'person-twin'])
  // What two administrators admitted stays admitted.
  await joined(stage, admitted)
  expect(await search({ name: 'rota tion' })).toEqual([id])
  const tasks = await ok<{ items: unknown[] }>(
    call(stage, { method: 'GET', url: '/v1/provisioning-tasks', headers: as('MIDDLEWARE') }),
  )
  expect(tasks.items.length).toBeGreaterThan(0)
  // Back to the keys of the other tests.
  hold(createPersonalData(`${TEST_PERSONAL_DATA_KEYS},${newest}`, TEST_PERSONAL_INDEX_KEY))
  await sealInClear(stage.db, stage.now)
  hold(TEST_PERSONAL_DATA)
  expect(await search({ name: 'rota tion' })).toEqual([id])
})

test('[A-4.3.1] what is sealed for one person does not open for another', async () => {
  const [one, other] = [await joined(stage), await joined(stage)]
  await stage.db.query(
    'update person set name = (select name from person where id = $1) where id = $2',
    [one.id, other.id],
  )
  const answer = await call(stage, {
    method: 'GET',
    url: `/v1/persons/${other.id}`,
    headers: as('SCRIPT'),
  })
  expect(answer.statusCode).toBe(500)
  await stage.db.query('update person set name = $2, name_lookup = $3 where id = $1', [
    other.id,
    TEST_PERSONAL_DATA.seal(other.id, 'name', '张三'),
    TEST_PERSONAL_DATA.lookup('name', '张三'),
  ])
})

test('[A-4.3.1] nothing that identifies a person reaches a log, whatever goes wrong', async () => {
  const lines: string[] = []
  const { app } = await buildService(identity, {
    db: stage.db,
    clock: () => stage.now,
    config: TEST_IDENTITY_CONFIG,
    log: createLog('debug', { write: (line) => void lines.push(line) }),
    keyFor: testKeys,
    internalToken: 'x'.repeat(32),
  })
  const loud = { ...stage, app }
  const marks = ['Protokollina', 'proto.kol', 'XQ99LOG7', '1963-08-17']
  const joiner = {
    employeeNumber: 'XQ99LOG7',
    name: 'Protokollina',
    email: 'proto.kol@example.test',
    birthday: '1963-08-17',
  }
  expect((await join(loud, joiner)).statusCode).toBe(201)
  expect((await join(loud, joiner)).statusCode).toBe(409)
  expect((await join(loud, { ...joiner, positionCode: 'Protokollina' })).statusCode).toBe(422)
  const url = '/v1/persons?name=Protokollina&employeeNumber=XQ99LOG7&email=proto.kol@example.test'
  expect((await call(loud, { method: 'GET', url, headers: as('SCRIPT') })).statusCode).toBe(200)
  // An outage in the middle of it: the failed statement carries its values.
  await stage.db.query('alter table person rename to person_gone')
  try {
    expect((await join(loud, joiner)).statusCode).toBe(500)
    expect((await call(loud, { method: 'GET', url, headers: as('SCRIPT') })).statusCode).toBe(500)
  } finally {
    await stage.db.query('alter table person_gone rename to person')
  }
  await app.close()
  expect(lines.length).toBeGreaterThan(5)
  const said = lines.join('').toLowerCase()
  expect(marks.filter((mark) => said.includes(mark.toLowerCase()))).toEqual([])
})

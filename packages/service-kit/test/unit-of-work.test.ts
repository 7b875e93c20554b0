import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { write, type RowsStatement } from '@erp-steward/messaging/statement'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { EntitySchema, type EntityManager } from 'typeorm'

interface Parent {
  id: number
  name: string | null
  at: Date | null
  tags: string[]
  data: object | null
  raw: Buffer | null
}

const ParentEntity = new EntitySchema<Parent>({
  name: 'Parent',
  tableName: 'parent',
  columns: {
    id: { type: 'integer', primary: true },
    name: { type: 'text', nullable: true, default: 'nobody' },
    at: { type: 'timestamptz', nullable: true },
    tags: { type: 'text', array: true, default: '{}' },
    data: { type: 'json', nullable: true },
    raw: { type: 'bytea', nullable: true },
  },
})

const ChildEntity = new EntitySchema<{ id: number; parentId: number }>({
  name: 'Child',
  tableName: 'child',
  columns: {
    id: { type: 'integer', primary: true },
    parentId: { type: 'integer', name: 'parent_id' },
  },
  foreignKeys: [
    {
      name: 'child_parent_id_fkey',
      target: 'parent',
      columnNames: ['parent_id'],
      referencedColumnNames: ['id'],
    },
  ],
})

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase({
    name: 'identity',
    entities: [ParentEntity, ChildEntity],
    migrations: [],
  })
  await database.db.query(
    `create table parent (id int constraint parent_pkey primary key, name text default 'nobody', at timestamptz,
                          tags text[] not null default '{}', data json, raw bytea)`,
  )
  await database.db.query(
    `create table child (id int primary key, parent_id int not null
       constraint child_parent_id_fkey references parent (id))`,
  )
})

beforeEach(async () => {
  await database.db.query('truncate parent, child')
})

afterAll(async () => {
  await database.release()
})

const parent = (id: number): Partial<Parent> => ({ id })
const insert = (tx: EntityManager, ...ids: number[]) =>
  insertRows(tx, ParentEntity, ids.map(parent))

async function kept(from: EntityManager = database.db.manager, table = 'parent') {
  const found: { id: number }[] = await from.query(`select id from ${table} order by id`)
  return found.map(({ id }) => id)
}

/** The statements that reach the server in `work`, as pg_stat_activity would see them go by. */
async function sentIn(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = []
  const runner = database.db.createQueryRunner()
  const connection = (await runner.connect()) as {
    connection: {
      parse(m: { text: string }): void
      query(text: string): void
      bind(m: object): void
    }
  }
  await runner.release()
  const wire = connection.connection
  const [query, bind] = [wire.query.bind(wire), wire.bind.bind(wire)]
  wire.query = (text) => {
    texts.push(text)
    query(text)
  }
  wire.bind = (message: { statement?: string }) => {
    texts.push(message.statement ?? '')
    bind(message)
  }
  try {
    await work()
  } finally {
    Object.assign(wire, { query, bind })
  }
  return texts
}

test('a transaction that the server rolls back at its commit is not told as done', async () => {
  const told = database.db.transaction(async (tx) => {
    await tx.query('insert into parent values (1)')
    // The author thinks that a caught error is over; for PostgreSQL the transaction is lost.
    await tx.query('insert into parent values (1)').catch(() => undefined)
  })
  await expect(told).rejects.toThrow('nothing of it was kept')
  expect(await kept()).toEqual([])
})

test('the connection serves the next transaction, and a savepoint keeps what was before it', async () => {
  await database.db.transaction(async (tx) => {
    await insert(tx, 1)
    await tx
      .transaction(async (inner) => {
        await insert(inner, 5)
        await inner.query('insert into parent values (1)')
      })
      .catch(() => undefined)
    await insert(tx, 2)
  })
  expect(await kept()).toEqual([1, 2])
})

test('rows collected in a savepoint are undone with it, though nothing had sent them', async () => {
  await database.db.transaction(async (tx) => {
    await insert(tx, 1)
    await tx
      .transaction(async (inner) => {
        await insert(inner, 2)
        throw new Error('changed my mind')
      })
      .catch(() => undefined)
    await insert(tx, 3)
  })
  expect(await kept()).toEqual([1, 3])
})

test('what is written is seen by the next read of the transaction, and by nobody else before the commit', async () => {
  await database.db.transaction(async (tx) => {
    await insert(tx, 1)
    await insert(tx, 2)
    expect(await kept(tx)).toEqual([1, 2])
    await insert(tx, 3)
    expect(await kept()).toEqual([])
  })
  expect(await kept()).toEqual([1, 2, 3])
})

test('rows of one table go in one statement with the commit, and begin waits for them', async () => {
  await database.db.transaction((tx) => insert(tx, 100))
  const sent = await sentIn(() =>
    database.db.transaction(async (tx) => {
      await insert(tx, 1)
      await insertRows(tx, ChildEntity, [{ id: 1, parentId: 1 }])
      await insert(tx, 2, 3)
    }),
  )
  expect(sent).toEqual(['BEGIN', 'insert parent 0', 'insert child 0', 'COMMIT'])
})

test('a transaction that does nothing asks the server nothing', async () => {
  const sent = await sentIn(async () => {
    await database.db.transaction(() => Promise.resolve())
    await database.db.transaction(() => Promise.reject(new Error('refused'))).catch(() => undefined)
  })
  expect(sent).toEqual([])
})

test('a row never goes before the one that it refers to', async () => {
  await database.db.query('insert into parent values (1)')
  await database.db.transaction(async (tx) => {
    await insertRows(tx, ChildEntity, [{ id: 1, parentId: 1 }])
    await insert(tx, 2)
    await insertRows(tx, ChildEntity, [{ id: 2, parentId: 2 }])
  })
  expect(await kept(undefined, 'child')).toEqual([1, 2])
})

test('a row that the server refuses fails the commit with its constraint, and nothing is kept', async () => {
  await database.db.query('insert into parent values (1)')
  const told = await database.db
    .transaction(async (tx) => {
      await insert(tx, 7)
      await insertRows(tx, ChildEntity, [{ id: 1, parentId: 8 }])
      await tx.query('select 1').catch(() => undefined)
      await insert(tx, 1)
    })
    .catch((error: unknown) => error)
  expect(String(told)).toContain('nothing of it was kept')
  const twice = await database.db
    .transaction(async (tx) => {
      await insert(tx, 7)
      await insert(tx, 1)
    })
    .catch((error: unknown) => error)
  expect(isConstraintViolation(twice, 'parent_pkey')).toBe(true)
  expect(await kept()).toEqual([1])
})

test('everybody who waits is told the first reason, never that the transaction is aborted', async () => {
  await database.db.query('insert into parent values (1)')
  const errors: unknown[] = []
  const told = database.db.transaction(async (tx) => {
    await insert(tx, 1)
    const answers = await Promise.allSettled([kept(tx), kept(tx), tx.query('select 1 / 0')])
    for (const answer of answers) if (answer.status === 'rejected') errors.push(answer.reason)
    throw errors[2]
  })
  await expect(told).rejects.toThrow('parent_pkey')
  expect(errors.map((error) => isConstraintViolation(error, 'parent_pkey'))).toEqual([
    true,
    true,
    true,
  ])
})

test('reads that fail together leave a connection that the next transaction can use', async () => {
  const told = database.db.transaction((tx) =>
    Promise.all([tx.query('select 1 / 0'), kept(tx), tx.query('select * from nowhere'), kept(tx)]),
  )
  await expect(told).rejects.toThrow('division by zero')
  await Promise.all(
    Array.from({ length: 20 }, (_, id) => database.db.transaction((tx) => insert(tx, id))),
  )
  expect(await kept()).toHaveLength(20)
})

test('rows that cannot be written down are not left out of a transaction whose author caught the error', async () => {
  const broken: RowsStatement<number> = {
    name: 'insert broken',
    table: 'parent',
    parents: [],
    text: 'insert into parent (id) select unnest($1::int[])',
    values: () => {
      throw new TypeError('no JSON has such a value')
    },
  }
  const told = database.db.transaction(async (tx) => {
    await insert(tx, 1)
    await write(tx, broken, [2])
    await expect(tx.query('select 1')).rejects.toThrow('no JSON has such a value')
    await insert(tx, 3)
  })
  await expect(told).rejects.toThrow('nothing of it was kept')
  expect(await kept()).toEqual([])
})

test('of two transactions that wait for each other one is told the deadlock and the other is kept', async () => {
  await database.db.query('insert into parent values (1), (2)')
  const both = { waiting: 0, ready: Promise.withResolvers<undefined>() }
  const lockThen = (first: number, second: number) =>
    database.db.transaction(async (tx) => {
      await tx.query('select from parent where id = $1 for update', [first])
      both.waiting += 1
      if (both.waiting === 2) both.ready.resolve(undefined)
      await both.ready.promise
      await insert(tx, 10 + first)
      await tx.query('select from parent where id = $1 for update', [second])
    })
  const told = await Promise.allSettled([lockThen(1, 2), lockThen(2, 1)])
  const [refused] = told.filter(({ status }) => status === 'rejected')
  expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(String((refused as PromiseRejectedResult).reason)).toContain('deadlock detected')
  expect(await kept()).toHaveLength(3)
})

test('a session that is ended between the writes and the commit keeps nothing, and the pool goes on', async () => {
  const told = database.db.transaction(async (tx) => {
    const [{ pid }]: [{ pid: number }] = await tx.query('select pg_backend_pid() as pid')
    await insert(tx, 1)
    await kept(tx)
    await insert(tx, 2)
    await database.db.query('select pg_terminate_backend($1, 10000)', [pid])
  })
  await expect(told).rejects.toThrow()
  expect(await kept()).toEqual([])
})

test('values of every kind arrive as they are, and members that a row lacks take their default', async () => {
  const at = new Date('2026-02-03T04:05:06.789Z')
  const whole: Parent = {
    id: 1,
    name: 'Zhang "三" \\ \'',
    at,
    tags: ['a,b', '"', '', 'NULL'],
    data: { deep: [1, null, 'x'] },
    raw: Buffer.from([0, 255, 10]),
  }
  await database.db.transaction(async (tx) => {
    await insertRows(tx, ParentEntity, [whole])
    await insert(tx, 2)
    await insertRows(tx, ParentEntity, [{ id: 3, name: null }])
  })
  const rows = await database.db.manager.find(ParentEntity, { order: { id: 'asc' } })
  expect(rows).toEqual([
    whole,
    { id: 2, name: 'nobody', at: null, tags: [], data: null, raw: null },
    { id: 3, name: null, at: null, tags: [], data: null, raw: null },
  ])
})

test('outside a transaction rows are written at once', async () => {
  await insertRows(database.db.manager, ParentEntity, [parent(1)])
  expect(await kept()).toEqual([1])
})

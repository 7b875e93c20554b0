import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase({ name: 'identity', entities: [], migrations: [] })
  await database.db.query('create table kept (id int primary key)')
})

afterAll(async () => {
  await database.release()
})

const rows = async (): Promise<number[]> => {
  const found: { id: number }[] = await database.db.query('select id from kept order by id')
  return found.map(({ id }) => id)
}

test('a transaction that the server rolls back at its commit is not told as done', async () => {
  const told = database.db.transaction(async (tx) => {
    await tx.query('insert into kept values (1)')
    // The author thinks that a caught error is over; for PostgreSQL the transaction is lost.
    await tx.query('insert into kept values (1)').catch(() => undefined)
  })
  await expect(told).rejects.toThrow('nothing of it was kept')
  expect(await rows()).toEqual([])
})

test('the connection serves the next transaction, and a savepoint keeps what was before it', async () => {
  await database.db.transaction(async (tx) => {
    await tx.query('insert into kept values (1)')
    await tx
      .transaction((inner) => inner.query('insert into kept values (1)'))
      .catch(() => undefined)
    await tx.query('insert into kept values (2)')
  })
  expect(await rows()).toEqual([1, 2])
})

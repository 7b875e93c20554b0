import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import { as, ask, call, joined, ok, refusal, smallCompany } from '../directory-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  for (const positionCode of ['CLERK', 'BUYER']) {
    await joined(stage, { positionCode })
    await ask(stage, {
      kind: 'set-position-roles',
      positionCode,
      roles: [],
      responsibilities: [],
      ebsRoles: [],
    })
  }
})
afterAll(() => stage.release())

const lists = [
  '/v1/units',
  '/v1/departments',
  '/v1/positions',
  '/v1/persons',
  '/v1/accounts',
  '/v1/account-changes',
  '/v1/provisioning-tasks',
]

const read = (url: string) => call(stage, { method: 'GET', url, headers: as('SYSTEM_ADMIN') })

test.each(lists)('%s walks every row once, page by page', async (url) => {
  const whole = await ok<{ items: { id: string }[] }>(read(`${url}?limit=200`))
  const walked: string[] = []
  let cursor = ''
  do {
    const { items, next } = await ok<{ items: { id: string }[]; next: string | null }>(
      read(`${url}?limit=1${cursor}`),
    )
    walked.push(...items.map(({ id }) => id))
    cursor = next === null ? '' : `&cursor=${next}`
  } while (cursor !== '')
  expect(whole.items.length).toBeGreaterThanOrEqual(2)
  expect(walked).toEqual(whole.items.map(({ id }) => id))
})

test('no list takes the cursor of another, though both sort by the same', async () => {
  for (const url of lists) {
    const { next } = await ok<{ next: string }>(read(`${url}?limit=1`))
    for (const other of lists)
      if (other !== url)
        expect(await refusal(read(`${other}?cursor=${next}`))).toEqual([400, 'cursor-unusable'])
  }
})

test.each(lists)('%s refuses a forged cursor and too large a page', async (url) => {
  const { next } = await ok<{ next: string }>(read(`${url}?limit=1`))
  const made = JSON.parse(Buffer.from(next, 'base64url').toString()) as string[]
  const list = made.at(-1)
  for (const key of [['\u0000'], ['x', 'y'], ['\u0000', '\u0000'], [{}], 'x', ['1', '2', '3']]) {
    const forged = Array.isArray(key) ? [...key, list] : key
    const cursor = Buffer.from(JSON.stringify(forged)).toString('base64url')
    const { statusCode, body } = await read(`${url}?cursor=${cursor}`)
    // Two texts are a key of departments, though of none that exists.
    expect([statusCode, body]).not.toEqual([500, expect.anything()])
    expect([200, 400, 422]).toContain(statusCode)
  }
  expect(await refusal(read(`${url}?limit=201`))).toEqual([422, 'validation-failed'])
})

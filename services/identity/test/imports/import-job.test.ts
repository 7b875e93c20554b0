import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { importPart } from '../../src/imports/import-part.ts'
import { ROWS_OF_A_PART } from '../../src/imports/queue-import.ts'
import { noteRevocation } from '../../src/sessions/revocation.ts'
import { identityStage, pass } from '../account-stage.ts'
import { as, call, ok, refusal, smallCompany } from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
})
afterAll(() => stage.release())

interface ImportView {
  readonly importId: string
  readonly state: string
  readonly rows: number
  readonly rowsDone: number
  readonly counts: Record<string, number>
  readonly endedAt: string | null
}
interface Note {
  readonly row: number | null
  readonly kind: string
  readonly employeeNumber: string | null
  readonly code: string
}

const HEADER = 'employeeNumber,name,unitCode,departmentCode,positionCode,email,leaveOn'
const LENGTH = 5_001

/** A list of 5,001 rows: the good ones stand all over it, the others have an address that is none. */
function longList(tag: string, good: readonly number[]): string {
  const rows = Array.from({ length: LENGTH }, (_, at) => {
    const email = good.includes(at) ? '' : 'none'
    return `${tag}${at},员工${at},NORTH,FIN,CLERK,${email},`
  })
  return [HEADER, ...rows].join('\n')
}

const GOOD = [0, 1, ROWS_OF_A_PART, 3_000, LENGTH - 1]

function send(payload: string, query = '?mode=good-rows', headers = as('SCRIPT')) {
  return stage.app.inject({
    method: 'POST',
    url: `/v1/imports/persons${query}`,
    headers: { ...headers, 'content-type': 'text/csv' },
    payload,
  })
}

const get = <Body>(url: string, headers = as('SCRIPT')) =>
  ok<Body>(call(stage, { method: 'GET', url, headers }))
const read = (id: string) => get<ImportView>(`/v1/imports/persons/${id}`)
const work = () => runDueJobs(stage.db, 'identity', stage.tasks, stage.now)

async function isKnown(employeeNumber: string): Promise<boolean> {
  const { items } = await get<{ items: unknown[] }>(`/v1/persons?employeeNumber=${employeeNumber}`)
  return items.length > 0
}

async function notesOf(id: string): Promise<Note[]> {
  const notes: Note[] = []
  let cursor = ''
  do {
    const { items, next } = await get<{ items: Note[]; next: string | null }>(
      `/v1/imports/persons/${id}/notes?limit=200${cursor}`,
    )
    notes.push(...items)
    cursor = next === null ? '' : `&cursor=${next}`
  } while (cursor !== '')
  return notes
}

test('[A-1.2] a long list becomes a job that tells how far it is, and what became of each refused row', async () => {
  const answer = await send(longList('A', GOOD))
  expect(answer.statusCode).toBe(202)
  const { importId, ...queued } = answer.json<ImportView>()
  expect(answer.headers.location).toBe(`/v1/imports/persons/${importId}`)
  expect(queued).toMatchObject({ state: 'running', rows: LENGTH, rowsDone: 0, endedAt: null })
  await stage.db.transaction((tx) =>
    importPart.run(tx, { importId, part: 0 }, testAct({ now: stage.now })),
  )
  expect(await read(importId)).toMatchObject({
    state: 'running',
    rowsDone: ROWS_OF_A_PART,
    counts: { created: 2, refused: ROWS_OF_A_PART - 2 },
  })
  await work()
  expect(await read(importId)).toMatchObject({
    state: 'done',
    rowsDone: LENGTH,
    counts: { created: GOOD.length, refused: LENGTH - GOOD.length },
  })
  const notes = await notesOf(importId)
  expect(notes.length).toBe(LENGTH - GOOD.length)
  expect(notes[0]).toMatchObject({
    row: 3,
    kind: 'refused',
    employeeNumber: 'A2',
    code: 'validation-failed',
  })
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === importId)
  expect(facts.map(({ type }) => type)).toEqual(['identity.directory.persons-imported.v1'])
  const again = (await send(longList('A', GOOD))).json<ImportView>()
  await work()
  expect(await read(again.importId)).toMatchObject({ counts: { created: 0, unchanged: 5 } })
}, 300_000)

test('a process that dies in the middle of a part loses nothing and repeats nothing', async () => {
  const { importId } = (await send(longList('B', GOOD))).json<ImportView>()
  const act = testAct({ now: stage.now })
  const part = (number: number) =>
    stage.db.transaction((tx) => importPart.run(tx, { importId, part: number }, act))
  await expect(
    stage.db.transaction(async (tx) => {
      await importPart.run(tx, { importId, part: 0 }, act)
      throw new Error('the process dies')
    }),
  ).rejects.toThrow('dies')
  expect(await isKnown('B0')).toBe(false)
  expect(await read(importId)).toMatchObject({ rowsDone: 0, counts: { created: 0 } })
  // Two workers at once, as after a worker that was thought dead.
  await Promise.all([part(0), part(0)])
  await part(0)
  expect(await read(importId)).toMatchObject({ rowsDone: ROWS_OF_A_PART, counts: { created: 2 } })
  await work()
  expect(await read(importId)).toMatchObject({
    rowsDone: LENGTH,
    counts: { created: GOOD.length, refused: LENGTH - GOOD.length },
  })
  expect((await notesOf(importId)).length).toBe(LENGTH - GOOD.length)
}, 300_000)

test('[A-2.1.4] a list stops when the tokens of who sent it became void', async () => {
  const sub = randomUUID()
  const { importId } = (
    await send(longList('C', GOOD), undefined, as('SCRIPT', { sub }))
  ).json<ImportView>()
  await stage.db.transaction((tx) =>
    importPart.run(tx, { importId, part: 0 }, testAct({ now: stage.now })),
  )
  await noteRevocation(stage.db.manager, sub, 1, stage.now)
  await work()
  expect(await read(importId)).toMatchObject({ state: 'stopped', rowsDone: ROWS_OF_A_PART })
  expect([await isKnown('C1'), await isKnown(`C${ROWS_OF_A_PART}`)]).toEqual([true, false])
  const left: unknown[] = await stage.db.query(
    'select from person_import_part where import_id = $1',
    [importId],
  )
  expect(left).toEqual([])
}, 300_000)

test('a dry run of a long list leaves nothing, and a person named twice is refused across parts', async () => {
  const list = `${longList('D', GOOD)}\nd0,员工,NORTH,FIN,CLERK,,`
  const { importId } = (await send(list, '?mode=good-rows&dryRun=true')).json<ImportView>()
  await work()
  expect(await read(importId)).toMatchObject({ state: 'done', counts: { created: GOOD.length } })
  expect((await notesOf(importId)).at(-1)).toMatchObject({ row: 5_002, code: 'validation-failed' })
  expect(await isKnown('D0')).toBe(false)
}, 300_000)

test('a long list is taken in by parts alone', async () => {
  expect(await refusal(send(longList('E', []), ''))).toEqual([422, 'validation-failed'])
})

test('a unit sees its own lists and takes in its own people', async () => {
  const own = as('SCRIPT', { range: 'unit', unit: company.south.id })
  const { importId } = (await send(longList('F', GOOD), undefined, own)).json<ImportView>()
  await work()
  expect(await read(importId)).toMatchObject({ counts: { created: 0, refused: LENGTH } })
  const theirs = await get<{ items: ImportView[] }>('/v1/imports/persons', own)
  expect(theirs.items.map((row) => row.importId)).toEqual([importId])
  const other = as('SCRIPT', { range: 'unit', unit: company.north.id })
  for (const path of ['', '/notes'])
    expect(
      await refusal(
        call(stage, {
          method: 'GET',
          url: `/v1/imports/persons/${importId}${path}`,
          headers: other,
        }),
      ),
    ).toEqual([404, 'not-found'])
}, 300_000)

test('[A-4.3.1] no row of a list lies in clear, and lists are forgotten after a while', async () => {
  const { importId } = (await send(longList('Quirin', GOOD))).json<ImportView>()
  const kept: { text: string }[] = await stage.db.query(
    `select sealed as text from person_import_part union all select sealed from person_import_note
     union all select person_import::text from person_import`,
  )
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.filter(({ text }) => /Quirin|员工/i.test(text))).toEqual([])
  await work()
  pass(stage, 31 * 86_400_000)
  await runTask(stage, 'forget-imports')
  const headers = as('SCRIPT', { exp: stage.now.getTime() / 1_000 + 300 })
  const url = `/v1/imports/persons/${importId}`
  expect(await refusal(call(stage, { method: 'GET', url, headers }))).toEqual([404, 'not-found'])
}, 300_000)

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { importPart } from '../../src/imports/import-part.ts'
import { noteImport } from '../../src/imports/import-notes.ts'
import { queueImport, ROWS_OF_A_PART } from '../../src/imports/queue-import.ts'
import { readCsv } from '../../src/imports/read-rows.ts'
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
  readonly detail: string
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

const get = <Body>(url: string, headers: { authorization: string } = as('SCRIPT')) =>
  ok<Body>(call(stage, { method: 'GET', url, headers }))
const read = (id: string) => get<ImportView>(`/v1/imports/persons/${id}`)
const work = () => runDueJobs(stage.db, 'identity', stage.tasks, stage.now)

const asChinese = { ...as('SCRIPT'), 'accept-language': 'zh-CN' }

async function isKnown(employeeNumber: string): Promise<boolean> {
  const { items } = await get<{ items: unknown[] }>(`/v1/persons?employeeNumber=${employeeNumber}`)
  return items.length > 0
}

async function notesOf(id: string, headers?: typeof asChinese): Promise<Note[]> {
  const notes: Note[] = []
  let cursor = ''
  do {
    const { items, next } = await get<{ items: Note[]; next: string | null }>(
      `/v1/imports/persons/${id}/notes?limit=200${cursor}`,
      headers,
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

/** One part of a list that is all or none, tried or taken in. */
const runPart = (importId: string, part: number, check = true) =>
  stage.db.transaction((tx) =>
    importPart.run(tx, { importId, part, check }, testAct({ now: stage.now })),
  )

const rowsOf = (tag: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${tag}${String(at)},员工,NORTH,FIN,CLERK,,`)

/** Queues a list as the operation does one of more than 5,000 rows. */
async function queue(rows: readonly string[], { header = HEADER, actor = randomUUID() } = {}) {
  const bytes = Buffer.from([header, ...rows].join('\n'))
  const list = await readCsv({ bytes, charset: 'utf-8', columns: undefined })
  const command = { ...list, mode: 'all-or-none', dryRun: false, unitId: null, epoch: 0 } as const
  const act = testAct({ now: stage.now, actor })
  const { id } = await stage.db.transaction((tx) => queueImport(tx, command, act))
  return id
}

const factsOf = async (id: string) =>
  (await queuedEvents(stage.db)).filter(({ subject }) => subject === id)

test('[A-1.2] a long list is all or none unless it says otherwise: one row at fault, and nothing is taken in', async () => {
  const answer = await send(longList('E', GOOD), '')
  expect(answer.statusCode).toBe(202)
  expect(answer.json()).toMatchObject({ state: 'checking', mode: 'all-or-none', rows: LENGTH })
  const { importId } = answer.json<ImportView>()
  await work()
  expect(await read(importId)).toMatchObject({
    state: 'refused',
    rowsDone: LENGTH,
    counts: { created: GOOD.length, refused: LENGTH - GOOD.length },
  })
  expect((await notesOf(importId)).length).toBe(LENGTH - GOOD.length)
  expect([await isKnown('E0'), await isKnown(`E${String(LENGTH - 1)}`)]).toEqual([false, false])

  const id = await queue([...rowsOf('I', ROWS_OF_A_PART), `I999,员工,NORTH,NOWHERE,CLERK,,`])
  await work()
  expect(await read(id)).toMatchObject({ state: 'refused', counts: { refused: 1 } })
  expect(await notesOf(id)).toMatchObject([{ row: ROWS_OF_A_PART + 1, code: 'department-unknown' }])
  expect(await isKnown('I0')).toBe(false)
  expect([...(await factsOf(importId)), ...(await factsOf(id))]).toEqual([])
  const left: unknown[] = await stage.db.query(
    'select from person_import_part where import_id = any($1)',
    [[importId, id]],
  )
  expect(left).toEqual([])
}, 300_000)

test('[A-1.2] one whose rows are all good is taken in after it was tried, and every row of it', async () => {
  const id = await queue(rowsOf('G', ROWS_OF_A_PART + 2))
  await runPart(id, 0)
  expect(await isKnown('G0')).toBe(false)
  await runPart(id, 1)
  // Tried to its end; nothing is in yet, and the counts begin anew.
  expect(await read(id)).toMatchObject({ state: 'running', rowsDone: 0, counts: { created: 0 } })
  expect(await isKnown('G0')).toBe(false)
  await work()
  expect(await read(id)).toMatchObject({
    state: 'done',
    rowsDone: ROWS_OF_A_PART + 2,
    counts: { created: ROWS_OF_A_PART + 2, refused: 0 },
  })
  expect((await factsOf(id)).map(({ data }) => (data as { mode: string }).mode)).toEqual([
    'all-or-none',
  ])
}, 300_000)

test('notes of a list are kept in both languages, and each caller reads his own', async () => {
  const id = await queue([...rowsOf('M', 2), 'm0,员工,NORTH,FIN,CLERK,,', 'M9,员工,NORTH'])
  await work()
  const english = 'The list names this person twice.'
  expect(await notesOf(id)).toMatchObject([
    { row: 3, detail: english },
    { row: 4, detail: 'The row has 3 fields, the header 7.' },
  ])
  expect(await notesOf(id, asChinese)).toMatchObject([
    { row: 3, detail: '名单中该人员出现两次。' },
    { row: 4, detail: '该行有 3 个字段，表头有 7 个。' },
  ])
  // As a release before kept them.
  const note = { row: 1, kind: 'refused', employeeNumber: 'M0', code: 'person-left' } as const
  await noteImport(stage.db.manager, id, [{ ...note, detail: 'The person has left.' }])
  expect((await notesOf(id, asChinese)).at(-1)).toMatchObject({ detail: 'The person has left.' })
})

test('a trial that dies or runs twice, and a job of the trial that comes late, take nothing in and lose nothing', async () => {
  const id = await queue(rowsOf('H', ROWS_OF_A_PART + 1))
  await expect(
    stage.db.transaction(async (tx) => {
      await importPart.run(tx, { importId: id, part: 0, check: true }, testAct({ now: stage.now }))
      throw new Error('the process dies')
    }),
  ).rejects.toThrow('dies')
  expect(await read(id)).toMatchObject({ state: 'checking', rowsDone: 0 })
  await Promise.all([runPart(id, 0), runPart(id, 0)])
  // A job of the taking in has nothing to do while rows are tried.
  await runPart(id, 1, false)
  expect(await read(id)).toMatchObject({ state: 'checking', rowsDone: ROWS_OF_A_PART })
  await runPart(id, 1)
  await runPart(id, 0)
  await runPart(id, 1)
  expect(await read(id)).toMatchObject({ state: 'running', rowsDone: 0 })
  expect(await isKnown('H0')).toBe(false)
  await work()
  expect(await read(id)).toMatchObject({ counts: { created: ROWS_OF_A_PART + 1 } })
}, 300_000)

test('a user name that two parts of a list have is found by the trial, whatever its case', async () => {
  const rows = rowsOf('K', ROWS_OF_A_PART + 1).map((each, at) =>
    at === 0 ? `${each},SAMEUSER` : at === ROWS_OF_A_PART ? `${each},sameuser` : `${each},`,
  )
  const id = await queue(rows, { header: `${HEADER},accountUserName` })
  await work()
  expect(await read(id)).toMatchObject({ state: 'refused', counts: { refused: 1 } })
  expect(await isKnown('K1')).toBe(false)
}, 300_000)

test('[A-2.1.4] a list that is being tried stops when the tokens of who sent it became void, and says nothing was done', async () => {
  const actor = randomUUID()
  const id = await queue(rowsOf('L', ROWS_OF_A_PART + 1), { actor })
  await runPart(id, 0)
  await noteRevocation(stage.db.manager, actor, 1, stage.now)
  await work()
  expect(await read(id)).toMatchObject({ state: 'stopped', counts: { created: 0 } })
  expect(await factsOf(id)).toEqual([])
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
  // Long enough that no ciphertext has it by chance: a name of six letters was once found in one.
  const tag = 'QuirinusQuirinus'
  const { importId } = (await send(longList(tag, GOOD))).json<ImportView>()
  const kept: { text: string }[] = await stage.db.query(
    `select sealed as text from person_import_part union all select sealed from person_import_note
     union all select person_import::text from person_import`,
  )
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.filter(({ text }) => new RegExp(`${tag}|员工`, 'i').test(text))).toEqual([])
  await work()
  pass(stage, 31 * 86_400_000)
  await runTask(stage, 'forget-imports')
  const headers = as('SCRIPT', { exp: stage.now.getTime() / 1_000 + 300 })
  const url = `/v1/imports/persons/${importId}`
  expect(await refusal(call(stage, { method: 'GET', url, headers }))).toEqual([404, 'not-found'])
}, 300_000)

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  coverageDocument,
  coverageFaults,
  faultsOf,
  operationClaims,
  titleClauseIds,
} from '../src/coverage.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'coverage-'))
})

afterEach(async () => {
  await rm(root, { recursive: true })
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

const openApi = (...clauses: string[]) =>
  JSON.stringify({ paths: { '/leavers': { post: { 'x-regulation-clauses': clauses } } } })

// Assembled, so that this file does not itself claim the clauses of its samples.
const call = (before: string, title: string, quote = "'") =>
  `${before}(${quote}${title}${quote}, () => {})\n`

test.each([
  ['a test', call('test', '[A-2.1.4] a leaver is refused'), ['A-2.1.4']],
  ['an it', call('it', '[A-2.1.4] a leaver is refused', '"'), ['A-2.1.4']],
  ['an indented test', `  ${call('test', '[A-2.1.4] x', '`')}`, ['A-2.1.4']],
  ['a test.only', call('test.only', '[A-2.1.4] x'), ['A-2.1.4']],
  ['several ids', call('test', '[A-2.1.4][B-4.1.1] [B-1] x'), ['A-2.1.4', 'B-4.1.1', 'B-1']],
  ['a table', `test.each([\n  [1],\n])${call('', '[A-2.1.4] %d')}`, ['A-2.1.4']],
  ['a tagged table', `test.each\`a\n1\`${call('', '[A-2.1.4] $a')}`, ['A-2.1.4']],
  ['a title on the next line', call('test', '[A-2.1.4] x').replace('(', '(\n  '), ['A-2.1.4']],
  ['a quote inside', call('test', "[A-2.1.4] the owner\\'s"), ['A-2.1.4']],
  ['two tests', call('test', '[A-1.1] x') + call('test', '[A-1.2] x'), ['A-1.1', 'A-1.2']],
  ['a skipped test', call('test.skip', '[A-2.1.4] x'), []],
  ['a test still to write', call('test.todo', '[A-2.1.4] x'), []],
  ['a comment', `// ${call('test', '[A-2.1.4] x')}`, []],
  ['another function', call('contest', '[A-2.1.4] x'), []],
  ['an id inside the sentence', call('test', 'a leaver [A-2.1.4]'), []],
])('the ids of %s are found', (_, source, ids) => {
  expect(titleClauseIds(source)).toEqual(ids)
})

test('operations claim their clauses as METHOD path', () => {
  const operation = { 'x-regulation-clauses': ['A-2.1.4', 'A-2.1.3'] }
  const document = {
    paths: { '/leavers/{id}': { post: operation, get: {}, parameters: [], summary: 'x' } },
  }
  expect(operationClaims(document)).toEqual([
    { clauseId: 'A-2.1.4', name: 'POST /leavers/{id}' },
    { clauseId: 'A-2.1.3', name: 'POST /leavers/{id}' },
  ])
})

test('a file that is no OpenAPI document is refused', () => {
  expect(() => operationClaims({ paths: [] })).toThrow(RangeError)
})

test('an empty tree has a row for each clause and no fault', async () => {
  const text = await coverageDocument(root)
  expect(text.match(/^\| [AB]-/gm)).toHaveLength(150)
  expect(text).toContain('0 of 143 duties are in force, 0 partly.')
  expect(await coverageFaults(root)).toEqual([])
})

test('the row of a clause names its operations, events and tests', async () => {
  await write('docs/openapi/identity.json', openApi('A-2.1.4'))
  await write('services/identity/test/leaver.test.ts', call('test', '[A-2.1.4] x'))
  await write('services/identity/node_modules/x/y.test.ts', call('test', '[A-2.1.4] x'))
  await write(
    'packages/contracts/src/event-catalog.ts',
    `export const eventCatalog = [{ type: 'identity.disabled.v1', topic: 't', clauses: ['A-2.1.4'] }]`,
  )
  await write('docs/regulation/in-force.json', '{"A-2.1.4":"in-force"}')
  const row = (await coverageDocument(root)).split('\n').find((l) => l.startsWith('| A-2.1.4 '))
  expect(row).toBe(
    '| A-2.1.4 | E | identity | IT disables or adjusts the account in time | yes | `POST /leavers` | `identity.disabled.v1` | `services/identity/test/leaver.test.ts` |',
  )
  expect(await coverageFaults(root)).toEqual([])
})

test('unknown ids of operations, tests and the list in force are faults', async () => {
  await write('docs/openapi/identity.json', openApi('A-9.9'))
  await write('test/a.test.ts', call('test', '[B-99] x'))
  await write('docs/regulation/in-force.json', '{"A-7":"in-force"}')
  expect(await coverageFaults(root)).toEqual([
    'POST /leavers names the unknown clause A-9.9',
    'docs/regulation/in-force.json names the unknown clause A-7',
    'test/a.test.ts names the unknown clause B-99',
  ])
})

const claim = (clauseId: string) => [{ clauseId, name: 'x' }]

test.each([
  ['neither', [], [], ['no operation', 'no test']],
  ['only an operation', claim('A-2.1.4'), [], ['no test']],
  ['only a test', [], claim('A-2.1.4'), ['no operation']],
  ['both', claim('A-2.1.4'), claim('A-2.1.4'), []],
])('a clause in force with %s lacks the rest', (_, operations, tests, lacks) => {
  const faults = faultsOf({ operations, events: [], tests, claims: { 'A-2.1.4': 'in-force' } })
  expect(faults).toEqual(lacks.map((what) => `Clause A-2.1.4 is in force but ${what} names it`))
})

test('a clause that is partly in force says what is missing, in both languages, and needs its proofs', async () => {
  const partly = { 'zh-CN': '尚未比对。', en: 'It is not compared yet.' }
  await write('docs/regulation/in-force.json', JSON.stringify({ 'A-2.1.4': { partly } }))
  expect(await coverageDocument(root)).toContain('0 of 143 duties are in force, 1 partly.')
  expect(await coverageFaults(root)).toEqual([
    'Clause A-2.1.4 is in force but no operation names it',
    'Clause A-2.1.4 is in force but no test names it',
  ])
  await write(
    'docs/regulation/in-force.json',
    '{"A-2.1.4":{"partly":{"en":"It is not compared."}}}',
  )
  await expect(coverageFaults(root)).rejects.toThrow(RangeError)
})

test('a clause of context in force needs no proof', () => {
  expect(
    faultsOf({ operations: [], events: [], tests: [], claims: { 'A-1.1': 'in-force' } }),
  ).toEqual([])
})

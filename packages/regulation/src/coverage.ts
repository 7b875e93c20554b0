import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Type } from 'typebox'
import Value from 'typebox/value'
import { checkedClaims, claimOf, claims as claimsOfProduct, type Claims } from './claims.ts'
import { clauseById, clauses, type Clause } from './clause.ts'
import { markdownTable } from './regulation-documents.ts'

/** One thing that claims to keep a clause: an operation, an event type or a test file. */
export interface Claim {
  readonly clauseId: string
  /** How the claimant is named in the document, such as "POST /tickets" or "services/identity/test/leaver.test.ts". */
  readonly name: string
}

/** All claims found in a working tree, and the clauses the product says it keeps. */
export interface Coverage {
  readonly operations: readonly Claim[]
  readonly events: readonly Claim[]
  readonly tests: readonly Claim[]
  /** What docs/regulation/in-force.json says. */
  readonly claims: Claims
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

const OpenApi = Type.Object({
  paths: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()))),
})
const ClaimingOperation = Type.Object({ 'x-regulation-clauses': Type.Array(Type.String()) })
const EventCatalog = Type.Array(
  Type.Object({ type: Type.String(), topic: Type.String(), clauses: Type.Array(Type.String()) }),
)

/** Claims of an OpenAPI document: the `x-regulation-clauses` of its operations, named "METHOD path". */
export function operationClaims(document: unknown): readonly Claim[] {
  if (!Value.Check(OpenApi, document)) throw new RangeError('The document is no OpenAPI document')
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      if (!METHODS.includes(method) || !Value.Check(ClaimingOperation, operation)) return []
      const name = `${method.toUpperCase()} ${path}`
      return operation['x-regulation-clauses'].map((clauseId) => ({ clauseId, name }))
    }),
  )
}

// The title is the string literal right after `test(`, `it(` or the second call of `test.each(…)(`. A skipped test
// proves nothing, so `.skip` and `.todo` do not match; nor does a call on a line that starts as a comment.
const TITLE =
  /^(?!\s*(?:\/\/|\*)).*?(?:\b(?:test|it)(?:\.(?:only|concurrent|failing))*|[)`])\s*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/gm
const LEADING_IDS = /^(?:\[[AB]-[^\]]*\]\s*)+/

/** Clause ids at the start of the test titles in a source text, as in `[A-2.1.4][B-4.1.1] a leaver is refused`. */
export function titleClauseIds(source: string): readonly string[] {
  const ids = new Set<string>()
  for (const [, , title = ''] of source.matchAll(TITLE)) {
    const lead = LEADING_IDS.exec(title)?.[0] ?? ''
    for (const [, id = ''] of lead.matchAll(/\[([^\]]*)\]/g)) ids.add(id)
  }
  return [...ids]
}

/**
 * Collects the claims of a working tree.
 *
 * @throws RangeError if an OpenAPI document, the event catalogue or the list in force has the wrong form
 */
export async function collectCoverage(root: string): Promise<Coverage> {
  const operations: Claim[] = []
  for (const path of await files(root, ['docs/openapi/*.json']))
    operations.push(...operationClaims(await json(join(root, path))))
  const tests: Claim[] = []
  for (const name of await files(root, ['packages', 'services', 'infra', 'test'].map(testsUnder)))
    for (const clauseId of titleClauseIds(await readFile(join(root, name), 'utf8')))
      tests.push({ clauseId, name })
  return { operations, events: await eventClaims(root), tests, claims: await claimsOf(root) }
}

/** What is wrong with a coverage: unknown ids, and clauses in force, be it partly, without an operation or a test; sorted. */
export function faultsOf({ operations, events, tests, claims }: Coverage): readonly string[] {
  const unknown = [...operations, ...events, ...tests]
    .filter(({ clauseId }) => !clauseById(clauseId))
    .map(({ clauseId, name }) => `${name} names the unknown clause ${clauseId}`)
  const claimed = Object.keys(claims).flatMap((id) => {
    const clause = clauseById(id)
    if (!clause) return [`docs/regulation/in-force.json names the unknown clause ${id}`]
    if (clause.mode === 'C') return []
    const named = (claims: readonly Claim[]) => claims.some(({ clauseId }) => clauseId === id)
    return [
      ...(named(operations) ? [] : [`Clause ${id} is in force but no operation names it`]),
      ...(named(tests) ? [] : [`Clause ${id} is in force but no test names it`]),
    ]
  })
  return [...new Set([...unknown, ...claimed])].sort()
}

/** Faults of the coverage of a working tree; see `faultsOf`. */
export async function coverageFaults(root: string): Promise<readonly string[]> {
  return faultsOf(await collectCoverage(root))
}

/** Text of docs/regulation/coverage.md for a working tree. */
export async function coverageDocument(root: string): Promise<string> {
  const coverage = await collectCoverage(root)
  const rows = clauses.map((clause) => coverageRow(clause, coverage))
  const { inForce, partly, duties } = dutiesInForce(coverage.claims)
  const head = ['Clause', 'Mode', 'Service', 'Duty', 'In force', 'Operations', 'Events', 'Tests']
  return `# Coverage of the regulations

Written by \`npm run generate\`. Mode: E the software enforces, D it detects or measures, W a person acts and
the software drives, P a person records evidence, C context without a duty. A clause is in force when
[in-force.json](in-force.json) says so, partly where it says what is missing; it then has an operation and a test. What each
demands, and what proves it, is in [demands.md](demands.md).

${inForce} of ${duties} duties are in force, ${partly} partly.

${markdownTable(head, rows)}
`
}

/** How many duties of both regulations there are, and how many of them are in force and partly so. */
export function dutiesInForce(among: Claims = claimsOfProduct): {
  readonly inForce: number
  readonly partly: number
  readonly duties: number
} {
  const numberOf = (state: string) =>
    clauses.filter(({ id }) => claimOf(id, among).state === state).length
  return {
    inForce: numberOf('in-force'),
    partly: numberOf('partly'),
    duties: clauses.filter(({ mode }) => mode !== 'C').length,
  }
}

const CLAIM_TEXT = { 'in-force': 'yes', partly: 'partly', 'not-yet': '' }

function coverageRow(clause: Clause, { operations, events, tests, claims }: Coverage): string[] {
  const names = (claims: readonly Claim[]) =>
    [...new Set(claims.filter((c) => c.clauseId === clause.id).map((c) => `\`${c.name}\``))]
      .sort()
      .join('<br>')
  return [
    clause.id,
    clause.mode,
    clause.service,
    clause.summary,
    CLAIM_TEXT[claimOf(clause.id, claims).state],
    names(operations),
    names(events),
    names(tests),
  ]
}

async function eventClaims(root: string): Promise<readonly Claim[]> {
  const path = join(root, 'packages/contracts/src/event-catalog.ts')
  if (!existsSync(path)) return []
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  const { eventCatalog } = module
  if (!Value.Check(EventCatalog, eventCatalog))
    throw new RangeError('packages/contracts/src/event-catalog.ts exports no eventCatalog')
  return eventCatalog.flatMap(({ type, clauses: ids }) =>
    ids.map((clauseId) => ({ clauseId, name: type })),
  )
}

async function claimsOf(root: string): Promise<Claims> {
  const path = join(root, 'docs/regulation/in-force.json')
  return existsSync(path) ? checkedClaims(await json(path)) : {}
}

async function files(root: string, patterns: readonly string[]): Promise<readonly string[]> {
  const exclude = (path: string) => /(^|[\\/])(node_modules|\.data|\.cache)$/.test(path)
  const found: string[] = []
  for await (const path of glob(patterns, { cwd: root, exclude }))
    found.push(path.replaceAll('\\', '/'))
  return found.sort()
}

function testsUnder(folder: string): string {
  return `${folder}/**/*.test.ts`
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'))
}

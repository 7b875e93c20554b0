import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { testPostgres } from '@erp-steward/postgres/ladder'
import type { BenchRow } from '@erp-steward/test-kit/bench-row'
import pg from 'pg'
import { against } from '../bench/against.ts'

/**
 * Every benchmark of the product; `npm run bench -- deadlines` runs those whose path holds the word, and
 * `npm run bench -- deadlines --against <commit> [--rounds <number>] [--keep]` compares them with a commit; `--keep` puts
 * the table on the page of benchmarks, where it stands until the next one that is kept.
 */
const benches = [
  'packages/work-calendar/bench/deadlines.ts',
  'packages/messaging/bench/outbox-to-effect.ts',
  'packages/messaging/bench/two-processes.ts',
  'packages/backup-agent/bench/seal.ts',
  'services/gateway/bench/proxy.ts',
  'services/monitoring-ingest/bench/ingest.ts',
  'services/incident-tiering/bench/tickets.ts',
  'services/identity/bench/duties.ts',
  'services/identity/bench/joiners.ts',
  'services/identity/bench/ledger.ts',
  'services/identity/bench/life-cycle.ts',
  'services/identity/bench/million-accounts.ts',
  'services/identity/bench/reconciliation.ts',
  'services/identity/bench/scim-beside-keycloak.ts',
  'services/identity/bench/sign-in.ts',
  'services/identity/bench/reviews.ts',
  'services/identity/bench/scim.ts',
  'services/identity/bench/tokens.ts',
  'services/backup-orchestration/bench/dispatch.ts',
  'services/assessment/bench/control-intake.ts',
  'services/assessment/bench/scores.ts',
  'bench/disabled-to-refused.ts',
  'bench/tickets-through-gateway.ts',
  'bench/whole-host.ts',
]

interface Bench {
  readonly run: () => BenchRow[] | Promise<BenchRow[]>
  /** What the profile shows first, in one or two sentences that begin with a name. */
  readonly bottleneck?: string
}

const root = join(import.meta.dirname, '..')
const PAGE = join(root, 'docs', 'benchmarks.md')
const COMPARISON = '## Against'
const { values: options, positionals: words } = parseArgs({
  options: { against: { type: 'string' }, rounds: { type: 'string' }, keep: { type: 'boolean' } },
  allowPositionals: true,
})
const chosen = benches.filter(
  (path) => words.length === 0 || words.some((word) => path.includes(word)),
)

const postgres = await testPostgres()
process.env.STEWARD_TEST_POSTGRES = postgres.url
process.env.DATABASE_URL = postgres.url
try {
  if (options.against === undefined) await benchmark()
  else {
    const rows = against({
      commit: options.against,
      files: chosen,
      ...(options.rounds !== undefined && { rounds: Number(options.rounds) }),
    })
    process.stdout.write(rows)
    if (options.keep === true) await keep(options.against, rows)
  }
} finally {
  await postgres.release()
}
process.exit(0)

async function benchmark(): Promise<void> {
  const rows: BenchRow[] = []
  const bottlenecks: string[] = []
  for (const path of chosen) {
    process.stderr.write(`${path}\n`)
    const { run, bottleneck } = (await import(pathToFileURL(join(root, path)).href)) as Bench
    rows.push(...(await run()))
    if (bottleneck !== undefined) bottlenecks.push(bottleneck)
  }
  process.stdout.write(table(rows))
  if (words.length === 0)
    await writeFile(
      PAGE,
      `${await report(rows, bottlenecks)}${comparisonIn(await readFile(PAGE, 'utf8'))}`,
    )
}

/** Replaces the comparison on the page of benchmarks. */
async function keep(commit: string, rows: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const rest = page.slice(0, page.length - comparisonIn(page).length)
  const day = new Date().toISOString().slice(0, 10)
  await writeFile(
    PAGE,
    `${rest}
${COMPARISON} ${commit}

Both builds by turns in one run on one server, of ${head()} on ${day}; medians, CPU of node and PostgreSQL together.

${rows}`,
  )
}

/** From its title to the end of the page; empty where none was kept yet. */
function comparisonIn(page: string): string {
  const from = page.indexOf(`\n${COMPARISON} `)
  return from < 0 ? '' : page.slice(from)
}

/** The commit that is measured. */
function head(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).toString().trim()
}

function table(measured: readonly BenchRow[]): string {
  const figure = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
  return [
    '| what | ours | reference | theirs | ratio | CPU µs per unit | remark |',
    '|---|---|---|---|---|---|---|',
    ...measured.map(
      ({ name, unit, ours, reference, theirs, cpuMicrosPerUnit, note }) =>
        `| ${name} | ${figure(ours)} ${unit} | ${reference} | ${figure(theirs)} | ${(ours / theirs).toPrecision(2)} | ` +
        `${figure(cpuMicrosPerUnit)} | ${note ?? ''} |`,
    ),
    '',
  ].join('\n')
}

async function report(
  measured: readonly BenchRow[],
  bottlenecks: readonly string[],
): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  const { rows: versions } = await client.query<{ server_version: string }>('show server_version')
  await client.end()
  const [cpu] = cpus()
  return `# Benchmarks

Written by \`npm run bench\`. Each line has both sides in one run on one machine; compare ratios and CPU time per unit, not
figures between machines. Load generator, services and PostgreSQL share the cores, and PostgreSQL runs without fsync here.

- date: ${new Date().toISOString().slice(0, 10)}, commit ${head()}
- machine: ${cpus().length} x ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB
- Node ${process.versions.node}, PostgreSQL ${versions[0]?.server_version ?? 'unknown'}, Apache Kafka 4.2.0

${table(measured)}
## What bounds them

As profiled (\`--cpu-prof\`, statements counted, \`explain analyze\`); each sentence stands in its benchmark.

${bottlenecks.map((words) => `- ${words}`).join('\n')}
`
}

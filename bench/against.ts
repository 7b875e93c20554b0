// How much faster than a commit: the benchmark files of this checkout and of that one in turn, on one server.
// npm run bench -- --against 70a12fe tickets joiners [--rounds 5]
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Measured } from './measured-run.ts'

const ROOT = join(import.meta.dirname, '..')
/** Odd, so that the median is a round that was run. */
const ROUNDS = 3

export interface Comparison {
  /** A commit of this repository, as `git worktree add` takes it. */
  readonly commit: string
  /** Paths of benchmark files; one that the commit lacks is left out there, and said so. */
  readonly files: readonly string[]
  readonly rounds?: number
}

/**
 * Runs each file `rounds` times here and in a checkout of the commit, by turns, and answers a Markdown table of medians.
 *
 * The checkout is made in a temporary folder, installs what its own lock file pins, and is removed at the end. Both take
 * the same PostgreSQL server, whose CPU is read from /proc by `measured-run.ts`, so the older one needs no change. Linux
 * only; `DATABASE_URL`, if set, must be a server of this machine.
 */
export function against({ commit, files, rounds = ROUNDS }: Comparison): string {
  const folder = mkdtempSync(join(tmpdir(), 'steward-against-'))
  const there = join(folder, 'checkout')
  try {
    git('worktree', 'add', '--detach', there, commit)
    // Any command sets the checkout up first; this one does nothing else.
    run(process.execPath, [join(there, 'scripts', 'run.mjs'), 'jest', '--version'], there)
    const lines = files.flatMap((file) => {
      if (!existsSync(join(there, file)))
        return [`| ${file} | ${commit} has no such file | | | | | |`]
      const pairs = Array.from({ length: rounds }, (_, round) => {
        process.stderr.write(`${file}, round ${String(round + 1)} of ${String(rounds)}\n`)
        // Who goes first changes, for the second one finds a warmer machine.
        const [before, now] = round % 2 === 0 ? [there, ROOT] : [ROOT, there]
        const [first, second] = [measure(before, file), measure(now, file)]
        return round % 2 === 0 ? { before: first, now: second } : { before: second, now: first }
      })
      return compare(pairs)
    })
    return [
      '| what | before | now | ratio | CPU before, µs per unit (node + PostgreSQL) | CPU now | ratio |',
      '|---|---|---|---|---|---|---|',
      ...lines,
      '',
    ].join('\n')
  } finally {
    if (existsSync(there)) git('worktree', 'remove', '--force', there)
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Pair {
  readonly before: readonly Measured[]
  readonly now: readonly Measured[]
}

function compare(pairs: readonly Pair[]): string[] {
  const names = pairs[0]?.now.map(({ name }) => name) ?? []
  const rateOf = (at: number) => pairs[0]?.now[at]?.rate
  return names.flatMap((name, at) => {
    // Measured once beside several references: a row each there, one here.
    if (
      names.some((other, before) => before < at && other === name && rateOf(before) === rateOf(at))
    )
      return []
    // Benchmarks with several rows of one name tell them in the same order.
    const rows = pairs.flatMap(({ before, now }) => {
      const [old, ours] = [before[at], now[at]]
      return old?.name === name && ours !== undefined ? [{ old, ours }] : []
    })
    if (rows.length === 0) return [`| ${name} | not measured before | | | | | |`]
    const of = (side: 'old' | 'ours', key: 'rate' | 'node' | 'postgres') =>
      median(rows.map((row) => row[side][key]))
    const cpu = (side: 'old' | 'ours') => {
      const [node, postgres] = [of(side, 'node'), of(side, 'postgres')]
      return `${figure(node + postgres)} (${figure(node)} + ${figure(postgres)})`
    }
    const faster = median(rows.map(({ old, ours }) => ours.rate / old.rate))
    const cheaper = median(rows.map(({ old, ours }) => sum(ours) / sum(old)))
    const { unit } = rows[0]?.ours ?? { unit: '' }
    return [
      `| ${name} | ${figure(of('old', 'rate'))} ${unit} | ${figure(of('ours', 'rate'))} | ${faster.toFixed(2)} | ` +
        `${cpu('old')} | ${cpu('ours')} | ${cheaper.toFixed(2)} |`,
    ]
  })
}

const sum = ({ node, postgres }: Measured) => node + postgres

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function measure(checkout: string, file: string): Measured[] {
  const node = join(checkout, 'node_modules', 'node', 'bin', 'node')
  const output = run(
    node,
    [join(ROOT, 'bench', 'measured-run.ts'), pathToFileURL(join(checkout, file)).href],
    checkout,
  )
  const [, answer] = output.split(MEASURED)
  if (answer === undefined) throw new Error(`${file} of ${checkout} told no figures`)
  return JSON.parse(answer) as Measured[]
}

/** Before the figures on standard output, behind whatever the benchmark itself says there. */
const MEASURED = 'MEASURED '

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${String(status)}`, { cause: error })
  return stdout
}

function git(...args: readonly string[]): void {
  execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}

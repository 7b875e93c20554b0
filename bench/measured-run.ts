// Runs one benchmark file of any checkout and tells its rows with the CPU of PostgreSQL: started by against.ts.
// node bench/measured-run.ts <URL of the file>
import { readFileSync } from 'node:fs'
import pg from 'pg'

/** A row of a benchmark: units per second, and CPU time per unit in microseconds. */
export interface Measured {
  readonly name: string
  readonly unit: string
  readonly rate: number
  readonly node: number
  /** Of the server and its children; 0 where the benchmark measures a process of its own, which asks no database. */
  readonly postgres: number
}

interface Reading {
  readonly node: number
  readonly postgres: number
}

const [file = ''] = process.argv.slice(2)
const server = await serverOf(process.env.STEWARD_TEST_POSTGRES ?? '')

// A benchmark reads its own CPU before and after what it measures, and nowhere else: those are the moments to read the
// server's, without a change to the benchmark.
const readings: Reading[] = []
const own = process.cpuUsage.bind(process)
process.cpuUsage = (since) => {
  const used = own(since)
  readings.push({ node: used.user + used.system, postgres: cpuMicrosOfTree(server) })
  return used
}

interface Row {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly cpuMicrosPerUnit: number
}
const { run } = (await import(file)) as { run: () => Row[] | Promise<Row[]> }
const rows = await run()
const measured = rows.map(({ name, unit, ours, cpuMicrosPerUnit }, at): Measured => {
  const [before, after] = readings.length === rows.length * 2 ? readings.slice(at * 2) : []
  // Rows that were not measured in this process say themselves what they used.
  const units =
    before === undefined || after === undefined ? 0 : (after.node - before.node) / cpuMicrosPerUnit
  const postgres =
    before === undefined || after === undefined ? 0 : (after.postgres - before.postgres) / units
  return { name, unit, rate: ours, node: cpuMicrosPerUnit, postgres }
})
process.stdout.write(`MEASURED ${JSON.stringify(measured)}`)
process.exit(0)

/** The process id of the server: each connection is served by a child of it. */
async function serverOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: asked } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const status = readFileSync(`/proc/${String(asked[0]?.pid)}/status`, 'utf8')
  await client.end()
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
}

/** CPU of a process, of its children that live and of those that ended, in microseconds. */
function cpuMicrosOfTree(pid: number): number {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  const living = children.split(' ').filter((child) => child.trim() !== '')
  return [String(pid), ...living].reduce((total, each) => total + cpuMicrosOf(each), 0)
}

function cpuMicrosOf(pid: string): number {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // Ended since it was listed; its parent counts it from then on.
    return 0
  }
  // Behind the command in parentheses, which may hold spaces: utime, stime and those of ended children, in 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((total, at) => total + Number(fields[at]), 0) * 10_000
}

import { readFileSync } from 'node:fs'

/** One line of docs/benchmarks.md: ours against a named reference, both measured in one run. Higher is better. */
export interface BenchRow {
  readonly name: string
  readonly reference: string
  readonly ours: number
  readonly theirs: number
  readonly unit: string
  /** CPU time of our side per unit, in microseconds. */
  readonly cpuMicrosPerUnit: number
  readonly note?: string
}

/** CPU time used by this process so far, in microseconds, user and system. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** CPU time used by a process and its ended children so far, in microseconds. Linux only: reads /proc. */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the command in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
  return ticks * TICK_MICROS
}

/** Length of a kernel clock tick as /proc counts it, in microseconds: 100 per second on every Linux we know. */
const TICK_MICROS = 10_000

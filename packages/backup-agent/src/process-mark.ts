import { readFileSync } from 'node:fs'
import { Type, type Static } from 'typebox'

/** A process that can be told from a later one with the same number. */
export const ProcessMark = Type.Object({
  pid: Type.Integer({ minimum: 2 }),
  /** Start in clock ticks since boot; `null` where the system does not tell. */
  startedTicks: Type.Union([Type.String(), Type.Null()]),
})
export type ProcessMark = Static<typeof ProcessMark>

/** The mark of a living process. */
export function markOf(pid: number): ProcessMark {
  return { pid, startedTicks: startedTicks(pid) }
}

/** Whether the marked process still lives. Where start times cannot be read nothing is taken for it. */
export function isSameProcess({ pid, startedTicks: then }: ProcessMark): boolean {
  return then !== null && startedTicks(pid) === then
}

// Source: proc(5), /proc/pid/stat: field 22, after the command in parentheses; state Z is a dead one.
function startedTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

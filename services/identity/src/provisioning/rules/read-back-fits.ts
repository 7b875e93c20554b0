import type { EbsState } from '../provisioning-task.ts'

/**
 * Whether the state read back from EBS is what was asked; members that nobody asked for may be anything.
 *
 * An end date fits when it is set and not later than asked: an earlier end keeps its date, which is the evidence.
 */
export function readBackFits(expected: EbsState, readBack: EbsState): boolean {
  return Object.entries(expected).every(([member, wanted]) => {
    const found = readBack[member] ?? null
    if (member === 'endDate' && wanted !== null && found !== null)
      return found.slice(0, 10) <= wanted
    if (member === 'startDate' && found !== null) return found.slice(0, 10) === wanted
    return found === wanted
  })
}

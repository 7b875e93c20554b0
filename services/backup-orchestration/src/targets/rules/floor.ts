import { isSameBuilding } from '../../sites/rules/same-place.ts'
import { keptKinds, keptMs, memberOfKind, type Keeping, type KeptKind } from './keeping.ts'
import { comesWithin } from './schedule.ts'

/** What is backed up, as far as plans differ: each kind has a floor of its own. Source: defaults 2.5. */
export const objectKinds = ['database', 'redo', 'apps', 'configuration', 'own'] as const
export type ObjectKind = (typeof objectKinds)[number]

/** What a policy may fall short of; an exception names them. */
export const floors = [
  'schedule',
  'rpo',
  'keepDays',
  ...keptKinds,
  'encryption',
  'offsite',
] as const
export type FloorName = (typeof floors)[number]

/** The least that the parameters ask of a kind of object; times in milliseconds. */
export interface Floor {
  /** Longest time between two runs of the schedule. */
  readonly intervalMs: number
  /** Longest recovery point objective. */
  readonly rpoMs: number
  readonly keepMs: number
  /** How long the backups that stand for a week, a month and a year are kept; 0 where none need to. */
  readonly kindsMs: Readonly<Record<KeptKind, number>>
}

/** What of a policy is measured. */
export interface MeasuredPolicy extends Keeping {
  readonly schedule: string
  readonly rpoMs: number
  readonly keepDays: number
  readonly primary: MeasuredSite
  /** `null` where the policy wants no copy elsewhere. */
  readonly offsite: MeasuredSite | null
}

export interface MeasuredSite {
  readonly code: string
  readonly building: string | null
  readonly isEncrypted: boolean
  readonly isOffsite: boolean
  /** Whether a second person has confirmed what is stated of it. */
  readonly isConfirmed: boolean
}

/** Where a policy is below the floor; `member` is the member of the policy at fault. */
export interface FloorFault {
  readonly floor: FloorName
  readonly member: 'schedule' | 'rpo' | 'keepDays' | keyof Keeping | 'primarySite' | 'offsiteSite'
  readonly detail: string
}

const DAY_MS = 86_400_000

/** Everything in which a policy is below the floor; empty when it is not. Sources, defaults 2.5. */
export function floorFaults(policy: MeasuredPolicy, floor: Floor, now: Date): FloorFault[] {
  const { schedule, rpoMs, keepDays, primary, offsite } = policy
  const faults: FloorFault[] = []
  if (!comesWithin(schedule, floor.intervalMs, now))
    faults.push({
      floor: 'schedule',
      member: 'schedule',
      detail: `Two runs lie further apart than ${words(floor.intervalMs)}.`,
    })
  if (rpoMs > floor.rpoMs)
    faults.push({
      floor: 'rpo',
      member: 'rpo',
      detail: `At most ${words(floor.rpoMs)} may be lost.`,
    })
  if (keepDays * DAY_MS < floor.keepMs)
    faults.push({
      floor: 'keepDays',
      member: 'keepDays',
      detail: `Copies are kept for at least ${words(floor.keepMs)}.`,
    })
  for (const kind of keptKinds)
    if (keptMs(policy, kind) < floor.kindsMs[kind])
      faults.push({
        floor: kind,
        member: memberOfKind[kind],
        detail: `The ${kind} backups are kept for at least ${words(floor.kindsMs[kind])}.`,
      })
  for (const [member, site] of [
    ['primarySite', primary],
    ['offsiteSite', offsite],
  ] as const)
    if (site !== null && !(site.isEncrypted && site.isConfirmed))
      faults.push({
        floor: 'encryption',
        member,
        detail: site.isEncrypted
          ? `No second person has confirmed that the medium at the site ${site.code} is encrypted.`
          : `The medium at the site ${site.code} is not encrypted.`,
      })
  const notOffsite = offsiteFault(primary, offsite)
  if (notOffsite !== null)
    faults.push({ floor: 'offsite', member: 'offsiteSite', detail: notOffsite })
  return faults
}

function offsiteFault(primary: MeasuredSite, offsite: MeasuredSite | null): string | null {
  if (offsite === null) return 'One copy is kept at another site.'
  if (!(offsite.isOffsite && offsite.isConfirmed))
    return `No second person has confirmed that the site ${offsite.code} is off site.`
  return isSameBuilding(primary.building, offsite.building)
    ? `The sites ${primary.code} and ${offsite.code} must state their buildings, and different ones.`
    : null
}

function words(ms: number): string {
  const days = ms / DAY_MS
  return Number.isInteger(days) ? `${String(days)} days` : `${String(ms / 60_000)} minutes`
}

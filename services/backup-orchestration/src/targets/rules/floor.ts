import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { isSameBuilding } from '../../sites/rules/same-place.ts'
import {
  keptKinds,
  keptMs,
  memberOfKind,
  wordOfKind,
  type Keeping,
  type KeptKind,
} from './keeping.ts'
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
  readonly detail: Bilingual
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
      detail: said(
        `Two runs lie further apart than ${words(floor.intervalMs).en}.`,
        `两次备份的间隔超过${words(floor.intervalMs)['zh-CN']}。`,
      ),
    })
  if (rpoMs > floor.rpoMs)
    faults.push({
      floor: 'rpo',
      member: 'rpo',
      detail: said(
        `At most ${words(floor.rpoMs).en} may be lost.`,
        `最多只可丢失${words(floor.rpoMs)['zh-CN']}的数据。`,
      ),
    })
  if (keepDays * DAY_MS < floor.keepMs)
    faults.push({
      floor: 'keepDays',
      member: 'keepDays',
      detail: said(
        `Copies are kept for at least ${words(floor.keepMs).en}.`,
        `副本至少保留${words(floor.keepMs)['zh-CN']}。`,
      ),
    })
  for (const kind of keptKinds)
    if (keptMs(policy, kind) < floor.kindsMs[kind])
      faults.push({
        floor: kind,
        member: memberOfKind[kind],
        detail: said(
          `The ${kind} backups are kept for at least ${words(floor.kindsMs[kind]).en}.`,
          `${wordOfKind[kind]}备份至少保留${words(floor.kindsMs[kind])['zh-CN']}。`,
        ),
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
          ? said(
              `No second person has confirmed that the medium at the site ${site.code} is encrypted.`,
              `尚无第二人确认存放地 ${site.code} 的介质已加密。`,
            )
          : said(
              `The medium at the site ${site.code} is not encrypted.`,
              `存放地 ${site.code} 的介质未加密。`,
            ),
      })
  const notOffsite = offsiteFault(primary, offsite)
  if (notOffsite !== null)
    faults.push({ floor: 'offsite', member: 'offsiteSite', detail: notOffsite })
  return faults
}

function offsiteFault(primary: MeasuredSite, offsite: MeasuredSite | null): Bilingual | null {
  if (offsite === null) return said('One copy is kept at another site.', '须有一份副本异地存放。')
  if (!(offsite.isOffsite && offsite.isConfirmed))
    return said(
      `No second person has confirmed that the site ${offsite.code} is off site.`,
      `尚无第二人确认存放地 ${offsite.code} 位于异地。`,
    )
  return isSameBuilding(primary.building, offsite.building)
    ? said(
        `The sites ${primary.code} and ${offsite.code} must state their buildings, and different ones.`,
        `存放地 ${primary.code} 和 ${offsite.code} 须注明所在建筑，且不得为同一建筑。`,
      )
    : null
}

function words(ms: number): Bilingual {
  const days = ms / DAY_MS
  if (Number.isInteger(days)) return said(`${String(days)} days`, ` ${String(days)} 天`)
  const minutes = String(ms / 60_000)
  return said(`${minutes} minutes`, ` ${minutes} 分钟`)
}

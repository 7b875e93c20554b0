import type { Act } from '@erp-steward/contracts/act'
import { KeyUserGapFound, KeyUserGapMended } from '@erp-steward/contracts/incident-events'
import { InstantOut } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf } from '@erp-steward/service-kit/entity'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { tellPeople } from '../notifications/notify.ts'
import { gapsMessage } from '../notifications/rules/message.ts'
import { CoverageGap, coverageGaps } from './coverage-gaps.ts'
import { authorities, leadersOf } from './people-in-charge.ts'

/** A gap that was announced and is open. */
export const KeyUserGapEntity = entityOf(CoverageGap, {
  table: 'key_user_gap',
  kept: { id: Type.String(), foundAt: InstantOut },
  columns: { id: { type: 'bigint', generated: 'increment' } },
  uniques: [{ name: 'key_user_gap_key', columns: ['unitId', 'tier', 'kind', 'moduleCode'] }],
})

/**
 * Compares the gaps of the register with those that are known: a new one is announced and told to the O&M authority and
 * the leaders of the unit, one that is gone is stated as mended. Call it after whatever may open or close a gap.
 * Source: B-4.1.2, B-4.2.2, B-7.3.2.
 */
export async function followGaps(tx: EntityManager, act: Act): Promise<void> {
  await waitForOtherChanges(tx)
  const known = await tx.find(KeyUserGapEntity, { order: { id: 'asc' } })
  const gaps = await coverageGaps(tx)
  const open = new Set(gaps.map(nameOf))
  const announced = new Set(known.map(nameOf))
  for (const gap of known.filter((each) => !open.has(nameOf(each)))) {
    await tx.delete(KeyUserGapEntity, { id: gap.id })
    const { unitId, tier, kind, moduleCode } = gap
    const mendedAt = act.now.toISOString()
    await appendEvent(
      tx,
      'incident-tiering',
      KeyUserGapMended,
      nameOf(gap),
      { unitId, tier, kind, moduleCode, mendedAt },
      act,
    )
  }
  const fresh = gaps.filter((gap) => !announced.has(nameOf(gap)))
  if (fresh.length === 0) return
  await tx.insert(
    KeyUserGapEntity,
    fresh.map((gap) => ({ ...gap, foundAt: act.now })),
  )
  for (const gap of fresh) await announceGap(tx, gap, act)
  await tellOf(tx, fresh, act)
}

/** The last two holders of a duty, gone at once, would each see the other: the lock makes the second wait. */
export async function waitForOtherChanges(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', ['key-user-coverage'])
}

export async function announceGap(tx: EntityManager, gap: CoverageGap, act: Act): Promise<void> {
  const { unitId, tier, kind, moduleCode } = gap
  await appendEvent(
    tx,
    'incident-tiering',
    KeyUserGapFound,
    nameOf(gap),
    { unitId, tier, kind, moduleCode, foundAt: act.now.toISOString() },
    act,
  )
}

async function tellOf(tx: EntityManager, gaps: readonly CoverageGap[], act: Act) {
  const occasion = 'key-user-gaps'
  const recipients = await authorities(tx)
  await tellPeople(tx, { occasion, message: gapsMessage(gaps), recipients }, act)
  const units = new Set(gaps.flatMap(({ unitId }) => unitId ?? []))
  for (const unitId of units) {
    const own = gaps.filter((gap) => gap.unitId === unitId)
    const leaders = await leadersOf(tx, unitId)
    await tellPeople(tx, { occasion, message: gapsMessage(own), recipients: leaders }, act)
  }
}

function nameOf({ tier, unitId, moduleCode }: CoverageGap): string {
  return [tier, unitId ?? 'company', moduleCode ?? 'IT'].join('/')
}

/** Finds the gaps that no event tells of, for example those that were there before they were followed. */
export const findGaps = defineTask('find-key-user-gaps', Type.Object({}), (tx, _, act) =>
  followGaps(tx, act),
)

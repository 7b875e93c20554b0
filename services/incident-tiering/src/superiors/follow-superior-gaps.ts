import type { Act } from '@erp-steward/contracts/act'
import { SuperiorGapFound, SuperiorGapMended } from '@erp-steward/contracts/incident-events'
import { InstantOut } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf } from '@erp-steward/service-kit/entity'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { authorities } from '../key-users/people-in-charge.ts'
import { tellPeople } from '../notifications/notify.ts'
import { superiorGapsMessage } from '../notifications/rules/message.ts'
import { superiorSteps, type SuperiorStep } from '../tickets/rules/clocks-of-priority.ts'
import { Step, superiorsOf } from './superior.ts'

/** A step with nobody to call that was announced and is open. */
export const SuperiorGapEntity = entityOf(Type.Object({ step: Step, foundAt: InstantOut }), {
  table: 'superior_gap',
  key: ['step'],
})

/**
 * Compares the steps on which nobody stands with those that are known: a new one is announced and told to the O&M
 * authority, one that is filled is stated as mended. Call it after whatever may empty or fill a step.
 * Source, B-5.3.2.
 */
export async function followSuperiorGaps(tx: EntityManager, act: Act): Promise<void> {
  // The last two of a step, gone at once, would each see the other.
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', ['superior-gaps'])
  const known = (await tx.find(SuperiorGapEntity)).map(({ step }) => step)
  const fresh: SuperiorStep[] = []
  for (const step of superiorSteps) {
    const stands = (await superiorsOf(tx, step)).length > 0
    if (stands && known.includes(step)) await mend(tx, step, act)
    if (!stands && !known.includes(step)) fresh.push(step)
  }
  if (fresh.length === 0) return
  await tx.insert(
    SuperiorGapEntity,
    fresh.map((step) => ({ step, foundAt: act.now })),
  )
  const foundAt = act.now.toISOString()
  for (const step of fresh)
    await appendEvent(tx, 'incident-tiering', SuperiorGapFound, step, { step, foundAt }, act)
  const message = superiorGapsMessage(fresh)
  const recipients = await authorities(tx)
  await tellPeople(tx, { occasion: 'superior-gaps', message, recipients }, act)
}

async function mend(tx: EntityManager, step: SuperiorStep, act: Act) {
  await tx.delete(SuperiorGapEntity, { step })
  const mendedAt = act.now.toISOString()
  await appendEvent(tx, 'incident-tiering', SuperiorGapMended, step, { step, mendedAt }, act)
}

/** Finds the gaps that no event tells of: a ladder on which nobody was ever named. */
export const findSuperiorGaps = defineTask('find-superior-gaps', Type.Object({}), (tx, _, act) =>
  followSuperiorGaps(tx, act),
)

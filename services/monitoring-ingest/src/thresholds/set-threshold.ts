import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ThresholdSet } from '@erp-steward/contracts/monitoring-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { endEpisodes } from '../alerts/end-episodes.ts'
import { activeModule, activeUnit } from '@erp-steward/directory/directory'
import { holdIngest } from './revision.ts'
import { loosens } from './rules/loosens.ts'
import { thresholdFaults } from './rules/threshold-faults.ts'
import { stateFeed, unfedReason } from './state-feeds.ts'
import {
  factOf,
  ThresholdEntity,
  ThresholdVersionEntity,
  type Threshold,
  type ThresholdDefinition,
} from './threshold.ts'

export interface SetThreshold extends ThresholdDefinition {
  /** `null`: as the parameter monitoring.for says for the unit. */
  readonly forSeconds: number | null
  readonly reason: string
}

/**
 * Sets the first version of a threshold. Source.
 *
 * @throws Problem `unit-unknown`, `module-unknown`, `threshold-refused`, `threshold-exists`
 */
export async function createThreshold(
  tx: EntityManager,
  { unitId, ...command }: SetThreshold & { readonly unitId: string },
  act: Act,
): Promise<Threshold> {
  await holdIngest(tx)
  await activeUnit(tx, unitId)
  const base = { id: randomUUID(), unitId, version: 1 }
  const threshold = await define(tx, base, command, act)
  await store(tx, threshold, () => tx.insert(ThresholdEntity, threshold))
  await announce(tx, threshold, 'created', act)
  // One that can apply gets a minute for its first sample.
  const reason = await unfedReason(tx, threshold)
  if (reason !== 'no-samples') await stateFeed(tx, threshold, reason, act)
  return threshold
}

/**
 * The definition that a change would give an active threshold, checked as if it were made.
 *
 * @throws Problem as `changeThreshold`
 */
export async function changedThreshold(
  tx: EntityManager,
  id: string,
  command: SetThreshold,
  expected: number,
  act: Act,
): Promise<{ readonly before: Threshold; readonly after: Threshold }> {
  await holdIngest(tx)
  const before = await lockActive(tx, id, expected)
  const { unitId } = before
  const after = await define(tx, { id, unitId, version: expected + 1 }, command, act)
  return { before, after }
}

/**
 * Replaces the definition. Where it lets something pass that alarmed before, open episodes end, for what they were judged by
 * is no longer in force; where it only tightens they go on: saying the same again would end any alert by one hand. Source:
 *
 *
 * @throws Problem `threshold-not-found`, `version-stale`, `threshold-withdrawn`, `module-unknown`,
 *   `threshold-refused`, `threshold-exists`
 */
export async function changeThreshold(
  tx: EntityManager,
  id: string,
  command: SetThreshold,
  expected: number,
  act: Act,
): Promise<Threshold> {
  const { before, after: threshold } = await changedThreshold(tx, id, command, expected, act)
  await store(tx, threshold, () => tx.update(ThresholdEntity, { id }, threshold))
  if (loosens(before, threshold))
    await endEpisodes(tx, { thresholdId: id }, 'threshold-changed', act)
  await announce(tx, threshold, 'changed', act)
  return threshold
}

/**
 * Takes a threshold out of force; its open episodes end with that reason.
 *
 * @throws Problem `threshold-not-found`, `version-stale`, `threshold-withdrawn`
 */
export async function withdrawThreshold(
  tx: EntityManager,
  id: string,
  reason: string,
  expected: number,
  act: Act,
): Promise<Threshold> {
  await holdIngest(tx)
  const before = await lockActive(tx, id, expected)
  const threshold: Threshold = {
    ...before,
    active: false,
    version: expected + 1,
    author: act.actor,
    reason,
    setAt: act.now,
  }
  await store(tx, threshold, () => tx.update(ThresholdEntity, { id }, threshold))
  await endEpisodes(tx, { thresholdId: id }, 'threshold-withdrawn', act)
  await announce(tx, threshold, 'withdrawn', act)
  return threshold
}

/**
 * The threshold in force, locked, at the version the caller read.
 *
 * @throws Problem `threshold-not-found`, `version-stale`, `threshold-withdrawn`
 */
export async function lockActive(
  tx: EntityManager,
  id: string,
  expected?: number,
): Promise<Threshold> {
  const threshold = await tx.findOne(ThresholdEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (threshold === null)
    throw new Problem(
      'threshold-not-found',
      said(`There is no threshold ${id}.`, `没有阈值 ${id}。`),
    )
  if (expected !== undefined) assertVersion(threshold.version, expected)
  if (!threshold.active)
    throw new Problem(
      'threshold-withdrawn',
      said(`${threshold.name} is withdrawn.`, `${threshold.name} 已撤销。`),
    )
  return threshold
}

async function define(
  tx: EntityManager,
  base: Pick<Threshold, 'id' | 'unitId' | 'version'>,
  { forSeconds, reason, ...definition }: SetThreshold,
  act: Act,
): Promise<Threshold> {
  if (definition.moduleCode !== null) await activeModule(tx, definition.moduleCode)
  const faults = thresholdFaults(definition)
  if (faults.length > 0)
    throw new Problem('threshold-refused', together(faults.map(({ detail }) => detail)), {
      errors: faults,
    })
  const shipped = await readParameter(tx, 'monitoring.for', base.unitId, act.now)
  return {
    ...base,
    ...definition,
    forSeconds: forSeconds ?? durationMs(shipped.value) / 1_000,
    forVersion: forSeconds === null ? shipped.version : null,
    active: true,
    author: act.actor,
    reason,
    setAt: act.now,
  }
}

async function store(tx: EntityManager, threshold: Threshold, write: () => Promise<unknown>) {
  try {
    await write()
  } catch (error) {
    if (isConstraintViolation(error, 'threshold_name_key'))
      throw new Problem(
        'threshold-exists',
        said(`The unit has a threshold ${threshold.name}.`, `该单位已有阈值 ${threshold.name}。`),
      )
    throw error
  }
  await tx.insert(ThresholdVersionEntity, threshold)
}

async function announce(
  tx: EntityManager,
  threshold: Threshold,
  change: 'created' | 'changed' | 'withdrawn',
  act: Act,
) {
  const fact = { ...factOf(threshold), change }
  await appendEvent(tx, 'monitoring-ingest', ThresholdSet, threshold.id, fact, act)
}

import type { Act } from '@erp-steward/contracts/act'
import { BackupPolicySet } from '@erp-steward/contracts/backup-events'
import { said, together, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { In, type EntityManager } from 'typeorm'
import { exceptedFloors } from '../exceptions/exception.ts'
import { voidGate } from '../gates/void-gate.ts'
import { trackNewest } from '../runs/finish-run.ts'
import { SiteEntity } from '../sites/site.ts'
import { PolicyEntity, type Policy } from './policy.ts'
import type { Keeping } from './rules/keeping.ts'
import { nextRuns, scheduleFault } from './rules/schedule.ts'
import { faultsOfPolicy, settleProtection } from './settle-protection.ts'
import { factOf, lockTarget, TargetEntity, type Target } from './target.ts'

export type SetPolicy = Pick<
  Policy,
  'schedule' | 'rpo' | 'startWithin' | 'keepDays' | keyof Keeping | 'primarySite' | 'offsiteSite'
>

/** Longest recovery point and start time that make sense of a backup: a year. */
const LONGEST_MS = 366 * 86_400_000

/**
 * Sets a new version; runs that wait or are at work keep the one they were queued under. The schedule goes on from now.
 *
 * @throws Problem `backup-target-not-found`, `version-stale`, `backup-policy-refused` with the faults
 */
export async function setPolicy(
  tx: EntityManager,
  targetId: string,
  command: SetPolicy,
  expected: number,
  act: Act,
): Promise<Policy> {
  const target = await lockTarget(tx, targetId)
  assertVersion(target.policyVersion, expected)
  await assertPolicy(tx, target, command, act.now)
  const policy: Policy = {
    ...command,
    targetId,
    version: expected + 1,
    author: act.actor,
    createdAt: act.now,
  }
  await tx.insert(PolicyEntity, policy)
  const changes = {
    policyVersion: policy.version,
    nextRunAt: target.active ? (nextRuns(policy.schedule, act.now, 1)[0] ?? null) : null,
  }
  await tx.update(TargetEntity, { id: targetId }, changes)
  const { schedule, rpo, primarySite, offsiteSite, version } = policy
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupPolicySet,
    targetId,
    { ...factOf(target), version, schedule, rpo, primarySite, offsiteSite },
    act,
  )
  await trackNewest(tx, { ...target, ...changes }, act)
  await settleProtection(tx, { ...target, ...changes }, act)
  const detail = said(
    `The policy of ${target.code} was set.`,
    `已设置备份对象 ${target.code} 的策略。`,
  )
  await voidGate(tx, target.systemCode, 'policy', detail, act)
  return policy
}

/**
 * Refuses a policy that cannot be carried out, and one below a floor of the parameters for which no exception is in force.
 *
 * @throws Problem `backup-policy-refused` with the faults
 */
export async function assertPolicy(
  tx: EntityManager,
  target: Pick<Target, 'id' | 'objectKind' | 'unitId'>,
  command: SetPolicy,
  now: Date,
): Promise<void> {
  const faults = await faultsOf(tx, command, now)
  if (faults.length === 0) {
    const excepted = await exceptedFloors(tx, target.id, now)
    for (const { floor, member, detail } of await faultsOfPolicy(tx, target, command, now))
      if (!excepted.has(floor)) faults.push({ pointer: `#/${member}`, detail })
  }
  if (faults.length > 0)
    throw new Problem('backup-policy-refused', together(faults.map(({ detail }) => detail)), {
      errors: faults,
    })
}

interface Fault {
  readonly pointer: string
  readonly detail: Bilingual
}

async function faultsOf(tx: EntityManager, command: SetPolicy, now: Date): Promise<Fault[]> {
  const faults: Fault[] = []
  const fault = (member: keyof SetPolicy, detail: Bilingual | null) => {
    if (detail !== null) faults.push({ pointer: `#/${member}`, detail })
  }
  fault('schedule', scheduleFault(command.schedule, now))
  fault('rpo', durationFault('rpo', command.rpo, 1))
  fault('startWithin', durationFault('startWithin', command.startWithin, 60_000))
  const { primarySite, offsiteSite } = command
  const codes = [primarySite, ...(offsiteSite === null ? [] : [offsiteSite])]
  const sites = await tx.findBy(SiteEntity, { code: In(codes) })
  const siteOf = (code: string) => sites.find((site) => site.code === code)
  if (siteOf(primarySite) === undefined) fault('primarySite', noSite(primarySite))
  if (offsiteSite !== null) {
    const site = siteOf(offsiteSite)
    if (site === undefined) fault('offsiteSite', noSite(offsiteSite))
    else if (!site.isOffsite)
      fault(
        'offsiteSite',
        said(`The site ${offsiteSite} is not off site.`, `存放地 ${offsiteSite} 不在异地。`),
      )
    if (offsiteSite === primarySite)
      fault(
        'offsiteSite',
        said(
          'The copy must lie at another site than the backup.',
          '副本须存放在与备份不同的存放地。',
        ),
      )
  }
  return faults
}

const noSite = (code: string) => said(`There is no site ${code}.`, `没有存放地 ${code}。`)

function durationFault(member: string, text: string, leastMs: number): Bilingual | null {
  try {
    const ms = durationMs(text)
    return ms >= leastMs && ms <= LONGEST_MS
      ? null
      : said(
          `${member} must be at least ${leastMs === 1 ? 'a second' : 'a minute'} and at most 366 days.`,
          `${member} 须至少为 1 ${leastMs === 1 ? '秒' : '分钟'}，且不超过 366 天。`,
        )
  } catch (error) {
    const reason = error instanceof RangeError ? `${error.message}.` : 'It is no duration.'
    return said(
      `${member}: ${reason}`,
      `${member}：“${text}”不是长度确定的 ISO 8601 时长（不得含年和月）。`,
    )
  }
}

import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { SystemEntity } from '../systems/system.ts'
import type { GateReason } from './gate.ts'
import { proveTarget, type Candidate } from './rules/verdict.ts'

export interface GateVerdict {
  readonly isOpen: boolean
  readonly reasons: GateReason[]
  /** The backups it rests on, one per target. */
  readonly runIds: string[]
  /** When the first of them becomes too old; `null` when closed. */
  readonly openUntil: Date | null
}

/** Runs of a target that are looked at; if none of so many is proven, an older one is no better. */
const CANDIDATES = 50

/**
 * What the gate of a system answers a change of a unit. One that names the system of another unit, which does not serve the
 * company, would rest on backups of what it does not touch; to that unit the system is not there. Source.
 */
export async function answerUnit(
  tx: EntityManager,
  systemCode: string,
  unitId: string,
  now: Date,
): Promise<GateVerdict> {
  const system = await tx.findOneBy(SystemEntity, { code: systemCode })
  return system === null || (system.serves === 'unit' && system.unitId !== unitId)
    ? unknown(
        said(
          `${systemCode} is no system of the unit that asks, nor of the company.`,
          `${systemCode} 既不是询问单位的系统，也不是公司的系统。`,
        ),
      )
    : evaluateGate(tx, systemCode, now)
}

/**
 * Whether every target that a change of the system must wait for is freshly backed up and proven, as it is now.
 *
 * Closed unless proven: a system that nobody registered and one without such a target are closed too. Sources.
 */
export async function evaluateGate(
  tx: EntityManager,
  systemCode: string,
  now: Date,
): Promise<GateVerdict> {
  const system = await tx.findOneBy(SystemEntity, { code: systemCode })
  if (system === null)
    return unknown(said(`Nothing of ${systemCode} is registered.`, `${systemCode} 没有任何登记。`))
  const targets: {
    id: string
    code: string
    unitId: string
    required: boolean
    hasPolicy: boolean
    primarySite: string | null
    offsiteSite: string | null
    isOffsiteConfirmed: boolean
  }[] = await tx.query(
    `select t.id, t.code, t.unit_id as "unitId", t.active and t.required_before_change as required,
            p.version is not null as "hasPolicy", p.primary_site as "primarySite", p.offsite_site as "offsiteSite",
            s.is_offsite and s.confirmed_at is not null as "isOffsiteConfirmed"
       from backup_target t
       left join backup_policy p on p.target_id = t.id and p.version = t.policy_version
       left join backup_site s on s.code = p.offsite_site
      where t.system_code = $1 order by t.code`,
    [systemCode],
  )
  const required = targets.filter((target) => target.required && target.unitId === system.unitId)
  if (required.length === 0)
    return closed({
      code: 'no-required-target',
      targetCode: null,
      detail: said(
        `No active target of ${systemCode} is required before a change.`,
        `${systemCode} 没有在变更前必须备份的有效备份对象。`,
      ),
    })
  const reasons: GateReason[] = []
  // From before systems belonged to units. Not to count it would open a gate that waited for it.
  if (targets.some((target) => target.required && target.unitId !== system.unitId))
    reasons.push({
      code: 'target-foreign',
      targetCode: null,
      detail: said(
        `A target of another unit is registered under ${systemCode}; it moves to a system of its own.`,
        `${systemCode} 之下登记有其他单位的备份对象；须移至其单位自己的系统。`,
      ),
    })
  const runIds: string[] = []
  let openUntil: Date | null = null
  for (const target of required) {
    const { value } = await readParameter(tx, 'backup.prechange.max_age', target.unitId, now)
    const maxAgeMs = durationMs(value)
    const candidates = await candidatesOf(tx, target, now)
    const { run, reason } = proveTarget(
      { ...target, needsOffsite: target.offsiteSite !== null, maxAgeMs, candidates },
      now,
    )
    if (reason !== null) reasons.push(reason)
    if (run !== null) {
      runIds.push(run.runId)
      const until = new Date(run.dataAt.getTime() + maxAgeMs)
      if (openUntil === null || until < openUntil) openUntil = until
    }
  }
  return reasons.length > 0
    ? { isOpen: false, reasons, runIds: [], openUntil: null }
    : { isOpen: true, reasons, runIds, openUntil }
}

function unknown(detail: Bilingual): GateVerdict {
  return closed({ code: 'system-unknown', targetCode: null, detail })
}

function closed(reason: GateReason): GateVerdict {
  return { isOpen: false, reasons: [reason], runIds: [], openUntil: null }
}

/**
 * A backup of another source, or under another key, says nothing of the target as it is now; one of the future was made
 * while a clock was wrong, and nobody knows how old it is.
 */
async function candidatesOf(
  tx: EntityManager,
  target: {
    readonly id: string
    readonly primarySite: string | null
    readonly offsiteSite: string | null
  },
  now: Date,
): Promise<Candidate[]> {
  return tx.query(
    `select r.id as "runId", r.data_at as "dataAt", p.state as primary, o.state as offsite
       from (select r.id, r.data_at
               from backup_run r join backup_target t on t.id = r.target_id
              where r.target_id = $1 and r.state = 'succeeded' and r.data_at <= $3
                and r.source = t.source and r.key_id = t.key_id
              order by r.data_at desc limit $2) r
       left join backup_copy p on p.run_id = r.id and p.site_code = $4
       left join backup_copy o on o.run_id = r.id and o.site_code = $5
      order by r.data_at desc`,
    [target.id, CANDIDATES, now, target.primarySite, target.offsiteSite],
  )
}

import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AuditReportSigned } from '@erp-steward/contracts/audit-events'
import { said } from '@erp-steward/contracts/bilingual'
import type { EventOf } from '@erp-steward/contracts/event'
import { LedgerVerified } from '@erp-steward/contracts/ledger-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { canonicalJson } from '../audit/ledger-hash.ts'
import type { LedgerSigner } from '../audit/ledger-key.ts'
import { AuditItemEntity, type AuditItem } from './audit-item.ts'
import { AuditTaskEntity, type AuditConclusion, type AuditTask } from './audit-task.ts'
import { lockAudit } from './judge-items.ts'

export interface SignAudit {
  readonly id: string
  readonly conclusion: AuditConclusion
  readonly summary: string
}

/**
 * Signs the report of an audit with the key of the ledger, which is in no database: what was drawn, what was judged, how the
 * ledger stood, and what came out. From then on nothing of it changes. Source.
 *
 * @throws Problem as `lockAudit`; `audit-unfinished` while a fact is not judged, or the ledger was not verified since the audit
 *   was opened; `audit-conclusion-unfit` for `in-order` when an anomaly was
 *   found or the ledger is not proved intact
 */
export async function signAudit(
  tx: EntityManager,
  signer: LedgerSigner,
  { id, conclusion, summary }: SignAudit,
  expected: number,
  act: Act,
): Promise<AuditTask> {
  const task = await lockAudit(tx, id, expected)
  if (task.openItems > 0)
    throw unfinished(
      `${String(task.openItems)} facts are not judged yet.`,
      `尚有 ${String(task.openItems)} 条样本未判定。`,
    )
  const ledger = await ledgerNow(tx, task.openedAt)
  if (conclusion === 'in-order' && (task.anomalies > 0 || ledger.state !== 'intact'))
    throw new Problem(
      'audit-conclusion-unfit',
      said(
        `${String(task.anomalies)} anomalies were found and the ledger is ${ledger.state}: that is not in order.`,
        `发现 ${String(task.anomalies)} 项异常，账本状态为 ${ledger.state}，结论不得为正常。`,
      ),
    )
  const items = await tx.find(AuditItemEntity, { where: { taskId: id }, order: { seq: 'ASC' } })
  const found = { conclusion, summary, ledger }
  const report = canonicalJson(reportOf({ ...task, ...found }, items, act))
  const sha256 = createHash('sha256').update(report).digest('hex')
  const { signedAt, keyId, signature } = signer.signLines('audit', [id, sha256], act.now)
  const signed: AuditTask = {
    ...task,
    ...found,
    ...{ state: 'signed', report, sha256, keyId, signature },
    signedAt: act.now,
    signedBy: act.actor,
    withinTarget: act.now <= task.dueAt,
    version: task.version + 1,
  }
  await tx.save(AuditTaskEntity, signed)
  const { kind, afterSeq, throughSeq, anomalies } = task
  const fact = {
    ...{ taskId: id, kind, afterSeq, throughSeq, items: items.length, anomalies, conclusion },
    ...{ ledgerState: ledger.state, sha256, keyId, signature, signedAt },
    withinTarget: signed.withinTarget === true,
  }
  await appendEvent(tx, 'identity', AuditReportSigned, id, fact, act)
  return signed
}

/** What is signed: everything that the conclusion rests on. */
function reportOf(
  task: AuditTask,
  items: readonly AuditItem[],
  { actor: signedBy, now: signedAt }: Act,
) {
  const { id, kind, recordedBefore, afterSeq, throughSeq, seed, population, openedAt, dueAt } = task
  const { reason, conclusion, summary, ledger } = task
  return {
    format: 'erp-steward audit report 1',
    ...{ id, kind, recordedBefore, afterSeq, throughSeq, seed, population, openedAt, dueAt },
    ...{ reason, conclusion, summary, ledger, signedBy, signedAt },
    items: items.map(({ seq, stratum, hash, judgement, note, judgedBy, judgedAt }) => ({
      ...{ seq, stratum, judgement, note, judgedBy, judgedAt },
      hash: hash.toString('hex'),
    })),
  }
}

/**
 * What the last verification said, which is in the ledger as every fact is, and how far back it can be read.
 *
 * @throws Problem `audit-unfinished`
 */
async function ledgerNow(
  tx: EntityManager,
  openedAt: Date,
): Promise<NonNullable<AuditTask['ledger']>> {
  const [last]: { data: EventOf<typeof LedgerVerified>['data'] }[] = await tx.query(
    `select envelope::json -> 'data' as data from audit_record where type = $1 order by seq desc limit 1`,
    [LedgerVerified.type],
  )
  if (last === undefined || new Date(last.data.verifiedAt) < openedAt)
    throw unfinished(
      'The ledger was not verified since the audit was opened; verify it first.',
      '审计开始后尚未核验账本，请先核验。',
    )
  const { verifiedAt, checked, intact, state, witnesses = [] } = last.data
  const [extent]: { records: number; oldestAt: Date }[] = await tx.query(
    `select (select seq from audit_head)::float8 as records,
            (select recorded_at from audit_record order by seq limit 1) as "oldestAt"`,
  )
  if (extent === undefined) throw new TypeError('a select of constants answers a row')
  return {
    state: state ?? (intact ? 'intact' : 'broken'),
    verifiedAt: new Date(verifiedAt),
    checked,
    witnesses,
    ...extent,
  }
}

const unfinished = (en: string, zh: string) => new Problem('audit-unfinished', said(en, zh))

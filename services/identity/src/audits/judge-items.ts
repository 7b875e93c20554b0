import type { Act } from '@erp-steward/contracts/act'
import { AuditItemsJudged } from '@erp-steward/contracts/audit-events'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { In, type EntityManager } from 'typeorm'
import { peopleBehind } from '../accounts/another-hand.ts'
import { AccountEntity } from '../accounts/account.ts'
import { AuditItemEntity, type AuditItem } from './audit-item.ts'
import { AuditTaskEntity, type AuditJudgement, type AuditTask } from './audit-task.ts'

export interface JudgeItems {
  readonly id: string
  readonly items: readonly {
    readonly seq: number
    readonly judgement: AuditJudgement
    readonly note?: string
  }[]
}

/**
 * The audit while it is open, held until the end of the transaction.
 *
 * @throws Problem `not-found`, `version-stale`, `audit-signed`
 */
export async function lockAudit(
  tx: EntityManager,
  id: string,
  expected: number,
): Promise<AuditTask> {
  const task = await tx.findOne(AuditTaskEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (task === null) throw unknownAudit(id)
  assertVersion(task.version, expected)
  if (task.state === 'signed')
    throw new Problem('audit-signed', said('Its report is signed.', '该审计报告已签署。'))
  return task
}

export const unknownAudit = (id: string) =>
  new Problem('not-found', said(`There is no audit ${id}.`, `没有审计 ${id}。`))

/**
 * Judges facts that an audit drew. What audit administrators did themselves is for another hand: the security administrator,
 * who judges nothing else, or another audit administrator. An anomaly stays one. Source; defaults 2.9.
 *
 * @throws Problem as `lockAudit`, `audit-item-unknown`, `same-person` for an own act, `validation-failed` for an anomaly
 *   without a note or a fact that is named twice, `audit-anomaly-stays`
 */
export async function judgeItems(
  tx: EntityManager,
  { id, items: judged }: JudgeItems,
  expected: number,
  act: Act,
): Promise<AuditTask> {
  const task = await lockAudit(tx, id, expected)
  const held = await tx.findBy(AuditItemEntity, {
    taskId: id,
    seq: In(judged.map(({ seq }) => seq)),
  })
  const bySeq = new Map(held.map((item) => [item.seq, item]))
  const seen = new Set<number>()
  const before: AuditItem[] = []
  for (const [at, { seq, judgement, note }] of judged.entries()) {
    if (seen.has(seq))
      throw refused(
        at,
        'seq',
        said(`Record ${String(seq)} is named twice.`, `记录 ${String(seq)} 重复。`),
      )
    seen.add(seq)
    const item = bySeq.get(seq)
    if (item === undefined || (act.role === 'SECURITY_ADMIN' && !item.byAuditor))
      throw new Problem(
        'audit-item-unknown',
        said(
          `Record ${String(seq)} is none of this audit that you judge.`,
          `记录 ${String(seq)} 不属于本审计中由您判定的样本。`,
        ),
      )
    if (judgement === 'anomaly' && note === undefined)
      throw refused(at, 'note', said('An anomaly needs a note.', '异常须附说明。'))
    if (judgement === 'in-order' && item.judgement === 'anomaly')
      throw new Problem(
        'audit-anomaly-stays',
        said(`Record ${String(seq)} was judged an anomaly.`, `记录 ${String(seq)} 已判定为异常。`),
      )
    before.push(item)
  }
  await assertNotOwn(tx, before, act)
  await tx.save(
    AuditItemEntity,
    judged.map(({ seq, judgement, note = null }) => ({
      ...bySeq.get(seq),
      ...{ taskId: id, seq, judgement, note },
      ...{ judgedBy: act.actor, judgedAt: act.now },
    })),
  )
  const of = (judgement: AuditJudgement) =>
    judged.filter((each) => each.judgement === judgement).map(({ seq }) => seq)
  const known = before.filter((item) => item.judgement === 'anomaly').length
  const changed: AuditTask = {
    ...task,
    openItems: task.openItems - before.filter(({ judgement }) => judgement === null).length,
    anomalies: task.anomalies + of('anomaly').length - known,
    version: task.version + 1,
  }
  await tx.save(AuditTaskEntity, changed)
  const fact = {
    ...{ taskId: id, inOrder: of('in-order'), anomalies: of('anomaly') },
    ...{ openItems: changed.openItems, judgedAt: act.now.toISOString() },
  }
  await appendEvent(tx, 'identity', AuditItemsJudged, id, fact, act)
  return changed
}

/**
 * Refuses whoever did one of them, under whatever account. Half of a machine's secret makes nobody its hand: administrators
 * hold many, and could then judge nothing that machines did.
 *
 * @throws Problem `same-person`
 */
async function assertNotOwn(tx: EntityManager, items: readonly AuditItem[], act: Act) {
  const actors = items.map(({ actor }) => actor)
  const own = await peopleBehind(tx, [act])
  const isOwn =
    actors.includes(act.actor) ||
    (await tx.existsBy(AccountEntity, {
      id: In(actors.filter((actor) => isUuid(actor))),
      personId: In(own),
    }))
  if (isOwn)
    throw new Problem('same-person', said('Nobody judges an own act.', '不得判定本人的操作。'))
}

/** Others are `host:root` or `anonymous`. */
const isUuid = (actor: string) => /^[0-9a-f]{8}-/.test(actor)

function refused(at: number, member: string, detail: Bilingual): Problem {
  const pointer = `#/items/${String(at)}/${member}`
  return new Problem('validation-failed', detail, { errors: [{ pointer, detail }] })
}

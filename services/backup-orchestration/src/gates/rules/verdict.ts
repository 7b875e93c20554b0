import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { GateReason } from '../gate.ts'

/** A good run of what a target names now, with what lies at the sites that its policy names now; `null` where nothing does. */
export interface Candidate {
  readonly runId: string
  readonly dataAt: Date
  readonly primary: 'awaited' | 'good' | 'damaged' | 'failed' | null
  readonly offsite: 'awaited' | 'good' | 'damaged' | 'failed' | null
}

export interface TargetToProve {
  readonly code: string
  readonly hasPolicy: boolean
  readonly needsOffsite: boolean
  /** Whether a second person has confirmed that the place for it is another one. */
  readonly isOffsiteConfirmed: boolean
  /** How old the data of its backup may be, milliseconds. */
  readonly maxAgeMs: number
  /** Newest data first. */
  readonly candidates: readonly Candidate[]
}

export interface TargetVerdict {
  /** The backup that proves the target; `null` when none does. */
  readonly run: Candidate | null
  /** Why none does. */
  readonly reason: GateReason | null
}

/**
 * The newest backup of a target that is fresh and proven in every place that its policy names, or why there is none.
 *
 * Where none is good enough, the reason tells of the newest: that is the one to mend. Sources.
 */
export function proveTarget(target: TargetToProve, now: Date): TargetVerdict {
  const closed = (code: GateReason['code'], detail: Bilingual): TargetVerdict => ({
    run: null,
    reason: { code, targetCode: target.code, detail },
  })
  if (!target.hasPolicy)
    return closed('no-policy', said('No policy says how it is backed up.', '没有备份策略。'))
  if (target.needsOffsite && !target.isOffsiteConfirmed)
    return closed(
      'offsite-unconfirmed',
      said(
        'No second person has confirmed that the off-site place of the policy is one.',
        '策略中的异地存放地尚未经第二人确认。',
      ),
    )
  const [newest] = target.candidates
  if (newest === undefined)
    return closed(
      'no-backup',
      said(
        'There is no proven backup of what it is now: its source, its key, up to this instant.',
        '对其目前的数据来源和密钥，尚无经验证的备份。',
      ),
    )
  const oldest = new Date(now.getTime() - target.maxAgeMs)
  const fresh = target.candidates.filter(({ dataAt }) => dataAt >= oldest)
  const [first] = fresh
  if (first === undefined)
    return closed(
      'backup-too-old',
      said(
        `The newest proven backup is of ${newest.dataAt.toISOString()}, older than allowed.`,
        `最新的经验证备份为 ${newest.dataAt.toISOString()}，已超过允许的时间。`,
      ),
    )
  const proof = fresh.find(
    ({ primary, offsite }) => primary === 'good' && (!target.needsOffsite || offsite === 'good'),
  )
  if (proof !== undefined) return { run: proof, reason: null }
  if (first.primary === 'damaged')
    return closed(
      'primary-damaged',
      said(`The copy of run ${first.runId} is damaged.`, `备份任务 ${first.runId} 的副本已损坏。`),
    )
  if (first.primary !== 'good')
    return closed(
      'primary-missing',
      said(
        `No copy of run ${first.runId} lies at the first site of the policy.`,
        `策略的首个存放地没有备份任务 ${first.runId} 的副本。`,
      ),
    )
  return first.offsite === 'damaged'
    ? closed(
        'offsite-damaged',
        said(
          `The off-site copy of run ${first.runId} is damaged.`,
          `备份任务 ${first.runId} 的异地副本已损坏。`,
        ),
      )
    : closed(
        'offsite-missing',
        said(
          `The off-site copy of run ${first.runId} is not confirmed at the site of the policy.`,
          `备份任务 ${first.runId} 的异地副本尚未在策略的存放地确认。`,
        ),
      )
}

/** A reason as one line, the code first so that programs can read it. */
export function reasonLine({ code, targetCode, detail }: GateReason): Bilingual {
  const of = targetCode === null ? code : `${code} ${targetCode}`
  return said(`${of}: ${detail.en}`, `${of}：${detail['zh-CN']}`)
}

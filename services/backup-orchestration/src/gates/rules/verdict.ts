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
 * Where none is good enough, the reason tells of the newest: that is the one to mend. Sources: A-2.4.3, A-2.4.4.
 */
export function proveTarget(target: TargetToProve, now: Date): TargetVerdict {
  const closed = (code: GateReason['code'], detail: string): TargetVerdict => ({
    run: null,
    reason: { code, targetCode: target.code, detail },
  })
  if (!target.hasPolicy) return closed('no-policy', 'No policy says how it is backed up.')
  if (target.needsOffsite && !target.isOffsiteConfirmed)
    return closed(
      'offsite-unconfirmed',
      'No second person has confirmed that the off-site place of the policy is one.',
    )
  const [newest] = target.candidates
  if (newest === undefined)
    return closed(
      'no-backup',
      'There is no proven backup of what it is now: its source, its key, up to this instant.',
    )
  const oldest = new Date(now.getTime() - target.maxAgeMs)
  const fresh = target.candidates.filter(({ dataAt }) => dataAt >= oldest)
  const [first] = fresh
  if (first === undefined)
    return closed(
      'backup-too-old',
      `The newest proven backup is of ${newest.dataAt.toISOString()}, older than allowed.`,
    )
  const proof = fresh.find(
    ({ primary, offsite }) => primary === 'good' && (!target.needsOffsite || offsite === 'good'),
  )
  if (proof !== undefined) return { run: proof, reason: null }
  if (first.primary === 'damaged')
    return closed('primary-damaged', `The copy of run ${first.runId} is damaged.`)
  if (first.primary !== 'good')
    return closed(
      'primary-missing',
      `No copy of run ${first.runId} lies at the first site of the policy.`,
    )
  return first.offsite === 'damaged'
    ? closed('offsite-damaged', `The off-site copy of run ${first.runId} is damaged.`)
    : closed(
        'offsite-missing',
        `The off-site copy of run ${first.runId} is not confirmed at the site of the policy.`,
      )
}

/** A reason as one line, the code first so that programs can read it. */
export function reasonLine({ code, targetCode, detail }: GateReason): string {
  return `${code}${targetCode === null ? '' : ` ${targetCode}`}: ${detail}`
}

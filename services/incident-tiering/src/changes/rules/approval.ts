import type { ApprovalStage, ChangeKind } from '@erp-steward/contracts/change-events'

/** How a change is handled: `minor` and `major` in their windows, `emergency` at once with papers afterwards. */
export type ChangeClass = 'minor' | 'major' | 'emergency'

/** What of a change decides about its approval. */
export interface Approvable {
  readonly kind: ChangeKind
  readonly class: ChangeClass
  readonly moduleCode: string | null
  readonly unitApproverPersonId: string | null
  readonly companyApproverPersonId: string | null
}

/** The stages as people of the house call them. */
export const STAGE_IN_CHINESE: Readonly<Record<ApprovalStage, string>> = {
  unit: '单位审批',
  company: '公司审批',
}

/**
 * The stage that is next, `null` when all are given: the unit first, then the company. An emergency asks the company
 * alone and files its papers afterwards. Source: B-7.5, defaults 2.4.
 */
export function pendingStage(change: Approvable): ApprovalStage | null {
  if (change.class !== 'emergency' && change.unitApproverPersonId === null) return 'unit'
  return change.companyApproverPersonId === null ? 'company' : null
}

/** Functions, processes, data and permissions: their module's owner cannot be passed over, so they name one. Source: B-6.2. */
export function isOwnedByModule(kind: ChangeKind): boolean {
  return kind === 'function' || kind === 'process' || kind === 'data' || kind === 'permission'
}

/** Whether the key user of the module decides for the company; else the O&M authority does. Source: B-4.2.4. */
export function decidedByModule(
  change: Pick<Approvable, 'kind' | 'moduleCode'>,
): change is { kind: ChangeKind; moduleCode: string } {
  return change.moduleCode !== null && !isTechnical(change.kind)
}

/** Work on the system as such, for which the O&M authority answers. Source. */
export function isTechnical(kind: ChangeKind): boolean {
  return kind === 'upgrade' || kind === 'migration' || kind === 'patch'
}

/** What is tested before it is asked for. Source. */
export function isTestedFirst(kind: ChangeKind): boolean {
  return kind === 'upgrade' || kind === 'patch'
}

/**
 * Whether work of this kind may affect the safety of data, whatever its class: it names a system, and may not start
 * without its fresh backup. A report reads, a permission is taken back as it was given. Source.
 */
export function mayHarmData(kind: ChangeKind): boolean {
  return kind !== 'report' && kind !== 'permission'
}

import type { EbsCall, EbsSimulator, EbsState } from './ebs.ts'

/**
 * Whether EBS has already what a call is to bring about, as after a middleware that died between doing and saying: a user
 * that is there is not created again, and what has ended keeps its date, which is the evidence.
 *
 * @param before what EBS has of it; `null`: nothing
 */
export function isDone({ procedure, arguments: given }: EbsCall, before: EbsState | null): boolean {
  if (before === null) return false
  const ended = (by: string | number | null | undefined) =>
    before.endDate !== null &&
    (by === undefined || by === null || String(before.endDate) <= String(by))
  switch (procedure) {
    case 'FND_USER_PKG.CreateUser':
      return true
    case 'FND_USER_PKG.UpdateUser':
      return typeof given.x_end_date === 'string' && ended(given.x_end_date)
    case 'FND_USER_PKG.DelResp':
      return ended(null)
    case 'WF_LOCAL_SYNCH.PropagateUserRole':
      return typeof given.p_expiration_date === 'string' && ended(given.p_expiration_date)
    default:
      return false
  }
}

/**
 * Does a call once, however often it comes, and reads back: what a middleware does with a task.
 *
 * @throws EbsRefusal
 */
export function doOnce(ebs: EbsSimulator, call: EbsCall): EbsState {
  if (!isDone(call, ebs.read(call))) ebs.call(call)
  return ebs.read(call) ?? {}
}

import { setTimeout as sleep } from 'node:timers/promises'
import { HeartbeatAnswer, type Report } from '@erp-steward/contracts/agent-protocol'
import { Compile } from 'typebox/compile'
import type { Progress, Workplace } from './assignments.ts'
import type { Note } from './notes.ts'
import { carryOut } from './carry-out.ts'
import { deliverReport } from './deliver-report.ts'
import { GatewayAway, type Gateway } from './gateway.ts'
import type { LeasedAssignment } from './lease-assignment.ts'
import { removeNoted, settle } from './leftovers.ts'

/** Why work was stopped from outside. */
class Stopped extends Error {
  readonly why: 'cancelled' | 'lease-lost' | 'stopping'

  constructor(why: Stopped['why']) {
    super(why)
    this.why = why
  }
}

const isAnswer = Compile(HeartbeatAnswer)

/**
 * Does one assignment: heartbeats on a timer, the work, the report, and the removal of everything that does not count.
 *
 * The work stops when it is called off, when the lease is lost or could not be kept, and when the agent stops. A
 * stopping agent reports nothing: the lease ends by itself and the work is given out again.
 */
export async function takeAssignment(
  leased: LeasedAssignment,
  place: Workplace,
  gateway: Gateway,
  stop: AbortSignal,
): Promise<void> {
  const { assignment } = leased
  const { assignmentId, kind, fencingToken } = assignment
  const { notes, log } = place
  const halt = new AbortController()
  const onStop = () => {
    halt.abort(new Stopped('stopping'))
  }
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()

  log.info({ assignmentId, kind, targetCode: assignment.targetCode }, 'taken')
  const progress: Progress = { phase: 'starting', bytesDone: 0 }
  const heart = keepLease(leased, gateway, progress, halt)
  const undo = async (): Promise<boolean> => {
    const note = notes.read(assignmentId)
    return note === null || removeNoted(note, place)
  }
  try {
    // An earlier attempt whose report never arrived.
    const isFresh = await undo()
    const report = isFresh
      ? await carryOut(assignment, {
          place,
          signal: halt.signal,
          progress,
          onBytes: (count) => (progress.bytesDone += count),
        }).catch((error: unknown) => cancelledReport(error, fencingToken))
      : staleReport(fencingToken)
    const isDone = report.outcome !== 'failed' && !('finding' in report && report.finding !== null)
    // What cannot be removed now is removed later; the service must hear of the failure all the same.
    if (!isDone && isFresh) await undo()
    const made = isDone ? notes.read(assignmentId) : null
    const note: Note | null = made === null ? null : { ...made, state: 'reporting', report }
    if (note !== null) notes.write(note)

    progress.phase = 'reporting'
    const standing = await deliverReport(assignmentId, report, gateway, stop, log)
    if (note !== null) await settle(note, standing, place)
    log.info(
      { assignmentId, kind, outcome: report.outcome, standing, ...remarkOf(report) },
      'ended',
    )
  } catch (error) {
    if (!(error instanceof Stopped) && !stop.aborted) throw error
    const note = notes.read(assignmentId)
    if (note?.state === 'working') await removeNoted(note, place)
    log.warn(
      { assignmentId, kind, why: error instanceof Stopped ? error.why : 'stopping' },
      'work stopped',
    )
  } finally {
    stop.removeEventListener('abort', onStop)
    heart.stop()
  }
}

function cancelledReport(error: unknown, fencingToken: number): Report {
  if (!(error instanceof Stopped) || error.why !== 'cancelled') throw error
  return { outcome: 'failed', fencingToken, cause: 'cancelled', detail: 'the work was called off' }
}

function staleReport(fencingToken: number): Report {
  const detail =
    'what an earlier attempt left here cannot be removed; the log of the agent says why'
  return { outcome: 'failed', fencingToken, cause: 'executor', detail }
}

function remarkOf(report: Report): object {
  if (report.outcome === 'failed') return { cause: report.cause, detail: report.detail }
  return 'finding' in report ? { finding: report.finding } : {}
}

/** Sends heartbeats until stopped; aborts `halt` when the lease is lost, over, or the work is called off. */
function keepLease(
  { assignment, at }: LeasedAssignment,
  gateway: Gateway,
  progress: Progress,
  halt: AbortController,
): { stop(): void } {
  const ending = new AbortController()
  const path = `/v1/backup-agents/me/assignments/${assignment.assignmentId}/heartbeat`
  // The clocks of the two hosts may differ; how long the lease lasts does not depend on them.
  const lastsFrom = (leaseUntil: string, now: Date) =>
    performance.now() + Math.max(0, Date.parse(leaseUntil) - now.getTime())
  let leaseEnd = lastsFrom(assignment.leaseUntil, at)

  const beat = async (): Promise<void> => {
    for (;;) {
      const pause = Math.min(assignment.heartbeatSeconds * 1_000, leaseEnd - performance.now())
      await sleep(Math.max(0, pause), null, { signal: ending.signal })
      try {
        const {
          status,
          body,
          at: answeredAt,
        } = await gateway.call(
          'POST',
          path,
          { fencingToken: assignment.fencingToken, ...progress },
          {
            signal: ending.signal,
            timeoutMs: Math.max(2_000, assignment.heartbeatSeconds * 1_000),
          },
        )
        if (status === 200 && isAnswer.Check(body)) {
          if (body.isCancelled) {
            halt.abort(new Stopped('cancelled'))
            return
          }
          leaseEnd = lastsFrom(body.leaseUntil, answeredAt)
        } else if (status === 404 || status === 409) {
          halt.abort(new Stopped('lease-lost'))
          return
        }
      } catch (error) {
        if (ending.signal.aborted) return
        if (!(error instanceof GatewayAway)) throw error
      }
      if (performance.now() >= leaseEnd) {
        halt.abort(new Stopped('lease-lost'))
        return
      }
    }
  }
  beat().catch((error: unknown) => {
    if (!ending.signal.aborted) halt.abort(error)
  })
  return {
    stop: () => {
      ending.abort()
    },
  }
}

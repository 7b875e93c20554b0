import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '@erp-steward/contracts/agent-protocol'
import type { Logger } from 'pino'
import { backoffMs } from './backoff.ts'
import { GatewayAway, type Gateway } from './gateway.ts'

/**
 * What became of a report. `counts`: the service has it. `void`: it does not and never will, so what was made is worth
 * nothing. `unknown`: it was refused now, but an earlier answer was lost, and it may have been taken then.
 */
export type Standing = 'counts' | 'void' | 'unknown'

/** What of a call must be known to send a report. */
export interface Delivery {
  readonly assignmentId: string
  readonly report: Report
  /** Whether it may have arrived before, its answer lost. */
  readonly isRepeated: boolean
}

/** Sends a report once. @throws GatewayAway when nobody answers; the reason of `signal` when that ends it */
export async function sendReport(
  { assignmentId, report, isRepeated }: Delivery,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<Standing> {
  const path = `/v1/backup-agents/me/assignments/${assignmentId}/report`
  const { status } = await gateway.call('POST', path, report, { signal })
  if (status < 300) return 'counts'
  // 409 is about this very report: one that was taken is answered with 200 again.
  return status === 409 || !isRepeated ? 'void' : 'unknown'
}

/** Sends a report until it is answered, however long that takes. @throws the reason of `stop` when that ends it */
export async function deliverReport(
  assignmentId: string,
  report: Report,
  gateway: Gateway,
  stop: AbortSignal,
  log: Logger,
): Promise<Standing> {
  for (let failures = 0; ;) {
    try {
      return await sendReport({ assignmentId, report, isRepeated: failures > 0 }, gateway, stop)
    } catch (error) {
      if (!(error instanceof GatewayAway)) throw error
      failures++
      const retryInMs = backoffMs(failures, Math.random())
      log.warn({ reason: error.message, retryInMs }, 'the report waits')
      await sleep(retryInMs, null, { signal: stop })
    }
  }
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentPresentation, ExecutorProbe } from '@erp-steward/contracts/agent-protocol'
import type { Logger } from 'pino'
import type { Workplace } from './assignments.ts'
import { backoffMs } from './backoff.ts'
import type { AgentConfig } from './config.ts'
import { GatewayAway, openGateway, type Gateway } from './gateway.ts'
import { leaseAssignment } from './lease-assignment.ts'
import { removeLeftovers, reportAgain } from './leftovers.ts'
import { openNotes } from './notes.ts'
import { probePostgres } from './postgres/probe.ts'
import { dropDatabase } from './postgres/scratch-database.ts'
import { isSameProcess, markOf, type ProcessMark } from './process-mark.ts'
import { isReachable } from './store/store.ts'
import { takeAssignment } from './take-assignment.ts'
import { AGENT_VERSION, FOLDER_TOOL } from './version.ts'
import { codeOf } from './work-failed.ts'

/** An agent at work. */
export interface Agent {
  /** Resolves when it has ended in order: work in hand is stopped and its traces are removed. */
  stop(): Promise<void>
}

const PRESENT_MS = 86_400_000
/** While an executor cannot work, or a site is away, we look again: a database may just be starting. */
const PRESENT_AGAIN_MS = 300_000
/** What could not be removed when its work ended, since its store was away, is tried again. */
const TIDY_MS = 300_000

/**
 * Removes what an earlier process left unfinished, then presents itself, takes work and does it, until it is stopped.
 *
 * @throws Error when another living agent uses the same scratch folder
 */
export async function startAgent(config: AgentConfig, log: Logger): Promise<Agent> {
  mkdirSync(config.scratch, { recursive: true, mode: 0o700 })
  const notes = openNotes(config.scratch, config.sites, (name, assignmentId) =>
    dropDatabase(config, name, assignmentId),
  )
  const release = holdScratch(config.scratch)

  const place = { config, notes, log }
  await removeLeftovers(place)

  const stopping = new AbortController()
  const gateway = openGateway({
    url: config.gatewayUrl,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
  })
  const ended = live(place, gateway, stopping.signal).finally(release)
  return {
    async stop() {
      stopping.abort(new Error('The agent is stopping.'))
      await ended
    },
  }
}

async function live(place: Workplace, gateway: Gateway, stop: AbortSignal): Promise<void> {
  const { log, config, notes } = place
  let failures = 0
  let presentAt = 0
  let tidyAt = performance.now() + TIDY_MS
  const unanswered = new Set(
    notes.all().flatMap(({ state, assignmentId }) => (state === 'reporting' ? assignmentId : [])),
  )
  const isStopped = () => stop.aborted
  while (!isStopped()) {
    try {
      if (performance.now() >= tidyAt) {
        await removeLeftovers(place)
        tidyAt = performance.now() + TIDY_MS
      }
      if (performance.now() >= presentAt) {
        const isAllWell = await present(config, gateway, stop)
        presentAt = performance.now() + (isAllWell ? PRESENT_MS : PRESENT_AGAIN_MS)
        log.info({ agent: config.clientId, isAllWell }, 'presented')
      }
      await reportAgain(unanswered, place, gateway, stop)
      const leased = await leaseAssignment(gateway, stop)
      failures = 0
      if (leased !== null) await takeAssignment(leased, place, gateway, stop)
    } catch (error) {
      if (isStopped()) return
      failures++
      const retryInMs = backoffMs(failures, Math.random())
      if (error instanceof GatewayAway) log.warn({ reason: error.message, retryInMs }, 'waiting')
      else log.error({ err: error, retryInMs }, 'waiting')
      await sleep(retryInMs, null, { signal: stop }).catch(() => undefined)
    }
  }
}

async function present(
  config: AgentConfig,
  gateway: Gateway,
  signal: AbortSignal,
): Promise<boolean> {
  const sites = [...config.sites].filter(([, folder]) => isReachable(folder)).map(([code]) => code)
  const postgres = await probePostgres(config)
  const presentation: AgentPresentation = {
    hostName: hostname() || 'unknown',
    version: AGENT_VERSION,
    executors: [folderProbe(config), postgres],
    sites,
  }
  const { status } = await gateway.call('PUT', '/v1/backup-agents/me', presentation, { signal })
  if (status >= 300) throw new GatewayAway(`the presentation was answered with ${status}`)
  const isPostgresWell = config.connections.size === 0 || postgres.reason === null
  return sites.length === config.sites.size && isPostgresWell
}

function folderProbe({ sources }: AgentConfig): ExecutorProbe {
  const isAvailable = sources.length > 0
  return {
    executor: 'filesystem',
    isAvailable,
    tool: FOLDER_TOOL,
    reason: isAvailable ? null : 'SOURCES of the agent allows no folder',
  }
}

// Two agents on one scratch folder would take each other's work for leftovers.
function holdScratch(scratch: string): () => void {
  const file = join(scratch, '.agent', 'holder')
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as ProcessMark
    if (holder.pid !== process.pid && isSameProcess(holder))
      throw new ScratchHeld(`${scratch} is used by another agent, process ${holder.pid}`)
  } catch (error) {
    if (error instanceof ScratchHeld) throw error
    if (!(error instanceof SyntaxError) && codeOf(error) !== 'ENOENT') throw error
  }
  writeFileSync(file, JSON.stringify(markOf(process.pid)), { mode: 0o600 })
  return () => {
    rmSync(file, { force: true })
  }
}

class ScratchHeld extends Error {}

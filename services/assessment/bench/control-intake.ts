// A stream of facts taken into the control register against the bare INSERT of the rows that it leaves.
// Standalone: node services/assessment/bench/control-intake.ts
import { randomUUID } from 'node:crypto'
import type { Envelope } from '@erp-steward/contracts/event'
import { BackupRunSucceeded } from '@erp-steward/contracts/backup-events'
import {
  TicketAcknowledged,
  TicketClosed,
  TicketConfirmed,
  TicketResolved,
} from '@erp-steward/contracts/incident-events'
import type { Message } from '@erp-steward/messaging/bus'
import { startConsumer } from '@erp-steward/messaging/consumer'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { bareInserts } from '@erp-steward/test-kit/bare-inserts'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { controlStage, factOf, noon } from '../test/controls/control-stage.ts'
import { controlSubscriptions } from '../src/controls/on-control-fact.ts'

/** Each stands for five events: the life of a ticket from its taking on, and a backup of one of fifty targets. */
const ROUNDS = 1_000
const WARM_UP_ROUNDS = 100
const EVENTS_PER_ROUND = 5
const TARGETS = Array.from({ length: 50 }, () => randomUUID())
/** As many as a relay hands over at once. */
const BATCH = 200
/** As many connections as the service's pool has. */
const CONNECTIONS = 8

export const bottleneck =
  'Control register: proofs of one clause share a row, and each event used to hold its lock until its own commit. Events ' +
  'that arrive together now share a transaction and touch each row once; what is left is PostgreSQL writing the evidence ' +
  'and its two indexes.'

/** Events of two services as their relays hand them to the bus, until the last one is committed. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await controlStage()
  try {
    const bus = createLocalBus()
    await startConsumer(bus, 'assessment', controlSubscriptions, stage.consumer)
    assertHeard(eventsOf(0))
    const take = async (rounds: number) => {
      const messages = Array.from({ length: rounds }, (_, round) => eventsOf(round)).flat()
      for (let at = 0; at < messages.length; at += BATCH)
        await bus.publish(messages.slice(at, at + BATCH))
    }
    await take(WARM_UP_ROUNDS)
    await stage.db.query('truncate control_fact, control_evidence, inbox')
    const events = ROUNDS * EVENTS_PER_ROUND
    const cpu = ownCpuMicros()
    const started = performance.now()
    await take(ROUNDS)
    const ours = events / ((performance.now() - started) / 1_000)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / events
    const [{ kept }]: [{ kept: number }] = await stage.db.query(
      'select count(*)::integer as kept from inbox',
    )
    if (kept !== events) throw new Error(`${String(kept)} of ${String(events)} events were handled`)
    return [
      {
        name: 'facts taken into the control register',
        reference: 'bare INSERT of receipt, fact and evidence',
        ours,
        theirs: await bareInserts({
          db: stage.db,
          url: stage.url,
          schema: 'assessment',
          tables: {
            inbox: 'event_id::text',
            control_fact: 'event_id::text',
            control_evidence: 'event_id::text',
          },
          units: events,
          writers: CONNECTIONS,
          perTransaction: 1,
        }),
        unit: 'events/s',
        cpuMicrosPerUnit,
        note: `${String(events)} events of tickets and backups by the local bus; the reference commits each event by itself`,
      },
    ]
  } finally {
    await stage.release()
  }
}

/** What is stated of one ticket from its taking to its end, and of one good backup: facts that the register names. */
function eventsOf(round: number): Message[] {
  const [ticketId, personId] = [randomUUID(), randomUUID()]
  const at = (minutes: number) => noon((round + minutes) * 60_000)
  const text = (minutes: number) => at(minutes).toISOString()
  const acknowledged = {
    ticketId,
    ownerPersonId: personId,
    tier: 'L1' as const,
    acknowledgedAt: text(10),
    withinTarget: true,
  }
  const resolved = {
    ticketId,
    resolution: 'The period was opened.',
    resolvedAt: text(20),
    withinTarget: true,
    confirmDueAt: text(500),
  }
  const confirmed = { ticketId, accepted: true, comment: null, confirmedAt: text(30) }
  const targetId = TARGETS[round % TARGETS.length] ?? ''
  const backup = {
    targetId,
    targetCode: 'DB',
    systemCode: 'EBS',
    unitId: UNIT,
    runId: randomUUID(),
    copyId: randomUUID(),
    siteCode: 'MAIN',
    objectName: 'object',
    storedBytes: 1,
    digest: '0'.repeat(64),
    tool: 'pg_dump',
    startedAt: text(0),
    dataAt: text(0),
    verifiedAt: text(5),
  }
  const ofTicket = (envelope: Envelope): Message => message(ticketId, envelope)
  return [
    ofTicket(factOf(TicketAcknowledged, acknowledged, at(10), 'incident-tiering')),
    ofTicket(factOf(TicketResolved, resolved, at(20), 'incident-tiering')),
    ofTicket(factOf(TicketConfirmed, confirmed, at(30), 'incident-tiering')),
    ofTicket(
      factOf(
        TicketClosed,
        { ticketId, by: 'confirmation', closedAt: text(30) },
        at(30),
        'incident-tiering',
      ),
    ),
    message(targetId, factOf(BackupRunSucceeded, backup, at(5), 'backup-orchestration')),
  ]
}

/** What the register names no more leaves no receipt, and the count at the end would not say which it was. */
function assertHeard(messages: readonly Message[]): void {
  const heard = new Set(
    controlSubscriptions.flatMap(({ definitions }) => definitions?.map(({ type }) => type) ?? []),
  )
  const unheard = messages.map(({ envelope }) => envelope.type).filter((type) => !heard.has(type))
  if (unheard.length > 0) throw new Error(`the register does not name ${unheard.join(', ')}`)
}

function message(subject: string, envelope: Envelope): Message {
  return {
    topic: envelope.type.replace(/\.[a-z-]+\.v1$/, '.v1'),
    envelope: { ...envelope, subject },
  }
}

if (import.meta.main) console.table(await run())

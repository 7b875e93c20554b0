// Tickets opened over HTTP through the gateway, against the bare INSERT of the very rows that this writes.
// Standalone: node bench/tickets-through-gateway.ts
import { createPublicKey, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GatewayConfig } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { readConfig } from '@erp-steward/service-kit/config'
import { atOnce } from '@erp-steward/test-kit/at-once'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { TEST_INTERNAL_TOKEN } from '@erp-steward/test-kit/test-service'
import { bearer, testKeys } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import {
  bareTickets,
  CALLERS,
  TICKETS,
  WARM_UP,
} from '../services/incident-tiering/bench/tickets.ts'
import {
  fault,
  fillDirectory,
  incidentStage,
  nominate,
} from '../services/incident-tiering/test/incident-stage.ts'

export const bottleneck =
  'Tickets: opening one waits for the server three times (its key, what it reads, the commit), with some sixteen ' +
  'statements that each connection parses once; half of the CPU is that of PostgreSQL, and of the half of Node writing to the ' +
  'socket is still the largest part.'

/** The gateway and the service on their ports, in this process; the token is checked by both. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const stage = await incidentStage()
  const identity = await startIdentity()
  const service = await stage.app.listen({ host: '127.0.0.1', port: 0 })
  const gateway = await startGateway({
    config: readConfig(GatewayConfig, {
      IDENTITY_URL: urlOf(identity),
      INCIDENT_TIERING_URL: service,
      MONITORING_INGEST_URL: service,
      BACKUP_ORCHESTRATION_URL: service,
      ASSESSMENT_URL: service,
      INTERNAL_TOKEN: TEST_INTERNAL_TOKEN,
      PORT: '0',
      RATE_LIMIT_CALLER: '10000000',
      RATE_LIMIT_ADDRESS: '10000000',
    }),
    bus: createLocalBus(),
    log: pino({ level: 'silent' }),
  })
  try {
    const { user, first } = await fillDirectory(stage, 'user', 'first')
    await nominate(stage, first, { tier: 'L1' })
    // A token as identity signs it: the gateway takes none that lives longer.
    const caller = bearer({ roles: ['END_USER'], person: user, unit: UNIT, range: 'unit' })
    const openOne = async () => {
      const answer = await fetch(`${gateway.url}/v1/tickets`, {
        method: 'POST',
        headers: { ...caller, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify(fault),
      })
      const body = await answer.text()
      if (answer.status !== 201) throw new Error(body)
    }
    await atOnce(WARM_UP, CALLERS, openOne)
    const cpu = ownCpuMicros()
    const ours = await atOnce(TICKETS, CALLERS, openOne)
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / TICKETS
    return [
      {
        name: 'tickets opened through the gateway',
        reference: 'bare INSERT of the same rows',
        ours,
        theirs: await bareTickets(stage),
        unit: 'tickets/s',
        cpuMicrosPerUnit,
        note: `${String(TICKETS)} P3 tickets over HTTP, ${String(CALLERS)} callers at once; CPU of callers, gateway and service, without PostgreSQL`,
      },
    ]
  } finally {
    await gateway.stop()
    identity.closeAllConnections()
    identity.close()
    await stage.release()
  }
}

/** What gateway and services ask identity for: its keys, and what is revoked (nothing). */
async function startIdentity(): Promise<Server> {
  const pem = testKeys('test-key')
  if (pem === undefined) throw new Error('there is no key to sign with')
  const jwk = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'test-key', alg: 'ES256' }
  const server = createServer(({ url }, answer) => {
    const body = url === '/.well-known/jwks.json' ? { keys: [jwk] } : { accounts: [], sessions: [] }
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const urlOf = (server: Server) =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}

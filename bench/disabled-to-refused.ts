// From the commit that disables a machine to its refusal at both of two gateways under load, with the bus and without it.
// Standalone: node bench/disabled-to-refused.ts
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceNames } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway, type RunningGateway } from '@erp-steward/gateway/gateway'
import { disableClient } from '@erp-steward/identity/clients/disable-client'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startRelay } from '@erp-steward/messaging/relay'
import { readConfig } from '@erp-steward/service-kit/config'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { testAct } from '@erp-steward/test-kit/test-act'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { pino } from 'pino'
import { identityStage } from '../services/identity/test/account-stage.ts'
import {
  addMachine,
  postForm,
  type Machine,
} from '../services/identity/test/tokens/client-stage.ts'

const ROUNDS = 100
/** Requests of others under way at each gateway. */
const LOAD = 8

export const bottleneck =
  'Refusal of who was disabled: with the bus the relay and the event, without it the half second between two questions.'

export async function run(): Promise<BenchRow[]> {
  return [await onTestServer(() => measure(true)), await onTestServer(() => measure(false))]
}

async function measure(withBus: boolean): Promise<BenchRow> {
  const identity = await identityStage()
  await identity.app.listen({ host: '127.0.0.1', port: 0 })
  const behind = createServer((_request, answer) => answer.end('in')).listen(0, '127.0.0.1')
  await once(behind, 'listening')
  const [bus, log] = [createLocalBus(), pino({ level: 'silent' })]
  const relay = withBus
    ? startRelay({ url: identity.url, schema: 'identity', bus, log })
    : { stop: () => Promise.resolve() }
  const gateways = await Promise.all(
    [1, 2].map(() =>
      startGateway({
        config: readConfig(GatewayConfig, {
          ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), urlOf(behind)])),
          ...{ IDENTITY_URL: urlOf(identity.app.server), INTERNAL_TOKEN: TEST_INTERNAL_TOKEN },
          ...{ PORT: '0', RATE_LIMIT_CALLER: '10000000', RATE_LIMIT_ADDRESS: '10000000' },
        }),
        ...{ bus, log },
      }),
    ),
  )
  const ask = async ({ url }: RunningGateway, token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}/v1/tickets`, { headers })
    await answer.arrayBuffer()
    return answer.status
  }
  let isOn = true
  try {
    const other = await tokenOf(identity, await addMachine(identity))
    const load = gateways.flatMap((gateway) =>
      Array.from({ length: LOAD }, async () => {
        while (isOn) await ask(gateway, other)
      }),
    )
    const took: number[] = []
    const cpu = ownCpuMicros()
    for (let round = 0; round < ROUNDS; round += 1) {
      const machine = await addMachine(identity)
      const token = await tokenOf(identity, machine)
      for (const gateway of gateways)
        if ((await ask(gateway, token)) !== 200) throw new Error('not let in')
      await identity.db.transaction((tx) =>
        disableClient(tx, machine.id, 'bench', testAct({ now: identity.now })),
      )
      const from = performance.now()
      await Promise.all(
        gateways.map(async (gateway) => {
          while ((await ask(gateway, token)) === 200) await sleep(1)
        }),
      )
      took.push(performance.now() - from)
    }
    const cpuMicrosPerUnit = (ownCpuMicros() - cpu) / ROUNDS
    isOn = false
    await Promise.all(load)
    const sorted = took.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.ceil(share * ROUNDS) - 1] ?? Infinity
    const figure = (ms: number) => `${ms.toFixed(1)} ms`
    return {
      name: `disabled to refused at both of two gateways, ${withBus ? 'by the bus' : 'with the bus down'}`,
      reference: 'the promise of one second',
      ours: 1_000 / at(0.99),
      theirs: 1,
      unit: 'per second, of the slowest in a hundred',
      cpuMicrosPerUnit,
      note: `${String(ROUNDS)} machines, ${String(2 * LOAD)} requests of others under way; p50 ${figure(at(0.5))}, p99 ${figure(at(0.99))}, longest ${figure(at(1))}; CPU with that of the load`,
    }
  } finally {
    isOn = false
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await relay.stop()
    await bus.close()
    behind.closeAllConnections()
    behind.close()
    await identity.release()
  }
}

const urlOf = (server: Server) =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

async function tokenOf(identity: TestService, { id, secret }: Machine): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret }
  const granted = await postForm(identity, '/v1/tokens', form)
  return granted.json<{ access_token: string }>().access_token
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { serviceNames } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway, type RunningGateway } from '@erp-steward/gateway/gateway'
import { disableClient } from '@erp-steward/identity/clients/disable-client'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startRelay, type Relay } from '@erp-steward/messaging/relay'
import { readConfig } from '@erp-steward/service-kit/config'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testAct } from '@erp-steward/test-kit/test-act'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import {
  addAccount,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  setPassword,
  stillValid,
} from '../services/identity/test/account-stage.ts'
import {
  addFrontEnd,
  addMachine,
  CALLBACK,
  postForm,
} from '../services/identity/test/tokens/client-stage.ts'

const log = pino({ level: 'silent' })
const VERIFIER = 'v'.repeat(43)

/** Identity, a service that lets everybody in who comes through, and gateways in front of both. */
let identity: TestService
let behind: Server
let bus: EventBus
let relay: Relay | null
let gateways: RunningGateway[]

beforeEach(async () => {
  identity = await identityStage()
  await identity.app.listen({ host: '127.0.0.1', port: 0 })
  behind = createServer((_request, answer) => answer.end('in')).listen(0, '127.0.0.1')
  await once(behind, 'listening')
  bus = createLocalBus()
  relay = null
  gateways = []
})
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  await relay?.stop()
  await bus.close()
  behind.closeAllConnections()
  behind.close()
  await identity.release()
})

const portOf = (server: Server) => String((server.address() as AddressInfo).port)
const urlOf = (server: Server) => `http://127.0.0.1:${portOf(server)}`

/** A gateway that reads the whole list of revocations once a minute. */
async function addGateway(): Promise<RunningGateway> {
  const gateway = await startGateway({
    config: readConfig(GatewayConfig, {
      ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), urlOf(behind)])),
      IDENTITY_URL: urlOf(identity.app.server),
      INTERNAL_TOKEN: TEST_INTERNAL_TOKEN,
      PORT: '0',
      REVOCATION_POLL_SECONDS: '60',
      RATE_LIMIT_CALLER: '10000000',
      RATE_LIMIT_ADDRESS: '10000000',
    }),
    bus,
    log,
  })
  gateways.push(gateway)
  return gateway
}

const connectOutbox = () => {
  relay = startRelay({ url: identity.url, schema: 'identity', bus, log })
}

/** What holders of every kind show at the door. */
interface Holders {
  readonly accountIds: readonly string[]
  readonly machineId: string
  /** By what it is. */
  readonly shown: Readonly<Record<string, string>>
  /** By what it is: what it could be exchanged for a new token with. */
  readonly renewed: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A person who signed in here, one who did so in a front end, and a machine with a token and a key. */
async function holders(): Promise<Holders> {
  const person = await newcomer(identity)
  const inAnother = await addAccount(identity)
  await setPassword(identity, inAnother)
  const { id: frontEnd } = await addFrontEnd(identity, false)
  const back = await postForm(identity, '/v1/authorizations', {
    ...{ client_id: frontEnd, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid' },
    ...{ state: 's', code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    ...{ user_name: inAnother.userName, password: GOOD_PASSWORD },
  })
  const code = new URL(String(back.headers.location)).searchParams.get('code') ?? ''
  const granted = async (form: Record<string, string>) =>
    (await postForm(identity, '/v1/tokens', form)).json<{
      access_token: string
      refresh_token: string
    }>()
  const inFrontEnd = await granted({
    grant_type: 'authorization_code',
    ...{ code, client_id: frontEnd, redirect_uri: CALLBACK, code_verifier: VERIFIER },
  })
  const machine = await addMachine(identity)
  const credentials = { client_id: machine.id, client_secret: machine.secret }
  const ofMachine = await granted({ grant_type: 'client_credentials', ...credentials })
  return {
    accountIds: [person.account.id, inAnother.id],
    machineId: machine.id,
    shown: {
      session: person.accessToken,
      'front end': inFrontEnd.access_token,
      machine: ofMachine.access_token,
      'API key': await keyOf(machine.id),
    },
    renewed: {
      session: { grant_type: 'refresh_token', refresh_token: person.refreshToken },
      'front end': {
        ...{ grant_type: 'refresh_token', client_id: frontEnd },
        refresh_token: inFrontEnd.refresh_token,
      },
      machine: { grant_type: 'client_credentials', ...credentials },
    },
  }
}

async function keyOf(clientId: string): Promise<string> {
  const half = async (url: string, role: 'SYSTEM_ADMIN' | 'AUDIT_ADMIN', payload?: object) => {
    const headers = bearer({ roles: [role], exp: stillValid(identity) })
    const answer = await identity.app.inject({
      ...{ method: 'POST', url, headers },
      ...(payload !== undefined && { payload }),
    })
    return answer.json<{ claimCode: string; key: { id: string } }>()
  }
  const first = await half(`/v1/clients/${clientId}/api-keys`, 'SYSTEM_ADMIN', {
    name: 'of the test',
    permissions: ['person.read'],
    networks: ['127.0.0.0/8'],
    expiresAt: new Date(identity.now.getTime() + 86_400_000).toISOString(),
  })
  const second = await half(`/v1/api-keys/${first.key.id}/second-half`, 'AUDIT_ADMIN')
  return first.claimCode + second.claimCode
}

async function disable({ accountIds, machineId }: Holders): Promise<void> {
  const headers = bearer({ roles: ['SECURITY_ADMIN'], exp: stillValid(identity) })
  for (const accountId of accountIds) {
    const frozen = await identity.app.inject({
      ...{ method: 'POST', url: '/v1/accounts/lockdowns', headers },
      payload: { accountId, reason: 'seen where he is not' },
    })
    expect(frozen.statusCode).toBe(200)
  }
  await identity.db.transaction((tx) =>
    disableClient(tx, machineId, 'stolen', testAct({ now: identity.now })),
  )
}

const ask = async ({ url }: RunningGateway, token: string) => {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}/v1/tickets`, { headers })
  await answer.arrayBuffer()
  return answer.status
}

/** Who is let in where: `<gateway> <what is shown>`. */
async function letIn({ shown }: Holders): Promise<string[]> {
  const asked = gateways.flatMap((gateway, at) =>
    Object.entries(shown).map(async ([what, token]) => ({
      what: `${String(at)} ${what}`,
      status: await ask(gateway, token),
    })),
  )
  const answers = await Promise.all(asked)
  const odd = answers.filter(({ status }) => status !== 200 && status !== 401)
  expect(odd).toEqual([])
  return answers.filter(({ status }) => status === 200).map(({ what }) => what)
}

async function renewedAt({ url }: RunningGateway, { renewed }: Holders): Promise<string[]> {
  const tokens = await Promise.all(
    Object.entries(renewed).map(async ([what, form]) => {
      const body = new URLSearchParams(form)
      const answer = await fetch(`${url}/v1/tokens`, { method: 'POST', body })
      await answer.arrayBuffer()
      return answer.ok ? [what] : []
    }),
  )
  return tokens.flat()
}

test('[A-2.1.4] who is disabled is refused at every gateway, with whatever he holds, under load, and others go on', async () => {
  connectOutbox()
  const [first, second] = [await addGateway(), await addGateway()]
  const who = await holders()
  const other = await newcomer(identity)
  expect(await letIn(who)).toHaveLength(8)

  // Each of these asks on, one request after the other, as fast as it is answered.
  let isOn = true
  const statuses = new Map<string, number[]>()
  const asking = [first, second].flatMap((gateway, at) =>
    Object.entries({ ...who.shown, other: other.accessToken }).map(async ([what, token]) => {
      const seen: number[] = []
      statuses.set(`${String(at)} ${what}`, seen)
      while (isOn) seen.push(await ask(gateway, token))
    }),
  )
  await disable(who)
  await eventually(async () => {
    expect(await letIn(who)).toEqual([])
  })
  isOn = false
  await Promise.all(asking)

  for (const [what, seen] of statuses) {
    const refusedFrom = seen.findIndex((status) => status !== 200)
    if (what.endsWith('other')) expect([what, refusedFrom]).toEqual([what, -1])
    // Once refused, never let in again.
    else expect([what, new Set(seen.slice(refusedFrom))]).toEqual([what, new Set([401])])
  }
  for (const gateway of gateways) expect(await renewedAt(gateway, who)).toEqual([])
})

test('[A-2.1.4] with the bus down the gateways hear of it all the same', async () => {
  await addGateway()
  await addGateway()
  const who = await holders()
  expect(await letIn(who)).toHaveLength(8)
  await disable(who)
  await eventually(async () => {
    expect(await letIn(who)).toEqual([])
  })
})

test('[A-2.1.4] a gateway that starts again lets nobody in who was disabled meanwhile, from its first answer on', async () => {
  await addGateway()
  const who = await holders()
  expect(await letIn(who)).toHaveLength(4)
  await gateways.pop()?.stop()
  await disable(who)
  await addGateway()
  expect(await letIn(who)).toEqual([])
})

test('[A-2.1.4] the end of one API key ends it at every gateway, and no other', async () => {
  await addGateway()
  await addGateway()
  const machine = await addMachine(identity)
  const [lost, kept] = [await keyOf(machine.id), await keyOf(machine.id)]
  const statuses = (key: string) => Promise.all(gateways.map((gateway) => ask(gateway, key)))
  expect([await statuses(lost), await statuses(kept)]).toEqual([
    [200, 200],
    [200, 200],
  ])
  const mark = lost.split('_')[1] ?? ''
  const [{ id }]: [{ id: string }] = await identity.db.query(
    'select id from api_key where mark = $1',
    [mark],
  )
  await identity.app.inject({
    method: 'DELETE',
    url: `/v1/api-keys/${id}`,
    headers: bearer({ roles: ['SECURITY_ADMIN'], exp: stillValid(identity) }),
  })
  await eventually(async () => {
    expect(await statuses(lost)).toEqual([401, 401])
  })
  expect(await statuses(kept)).toEqual([200, 200])
})

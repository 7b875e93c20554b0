import { serviceNames } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { freePort } from '@erp-steward/postgres/port'
import { readConfig } from '@erp-steward/service-kit/config'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { pino } from 'pino'
import {
  addAccount,
  GOOD_PASSWORD,
  identityStage,
  setPassword,
} from '../../services/identity/test/account-stage.ts'
import { addFrontEnd, type Machine } from '../../services/identity/test/tokens/client-stage.ts'

/** Identity behind the gateway, at the address that is its issuer, as clients of others see it. */
export interface SignInSite {
  /** Address of the gateway. */
  readonly issuer: string
  readonly identity: TestService
  /** A front end on a server, with these addresses. */
  addFrontEnd(redirectUri: string, signOutUri: string): Promise<Machine>
  /** Somebody who can sign in. */
  addPerson(): Promise<{
    readonly id: string
    readonly userName: string
    readonly password: string
  }>
  close(): Promise<void>
}

export async function openSignInSite(): Promise<SignInSite> {
  const port = String(await freePort())
  const issuer = `http://127.0.0.1:${port}`
  const identity = await identityStage({ PUBLIC_URL: issuer })
  const url = await identity.app.listen({ host: '127.0.0.1', port: 0 })
  const bus = createLocalBus()
  const gateway = await startGateway({
    config: readConfig(GatewayConfig, {
      ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), url])),
      ...{ INTERNAL_TOKEN: TEST_INTERNAL_TOKEN, PORT: port, PUBLIC_URL: issuer },
    }),
    bus,
    log: pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
  })
  return {
    issuer,
    identity,
    async addFrontEnd(redirectUri, signOutUri) {
      const frontEnd = await addFrontEnd(identity)
      await identity.db.query(
        'update client set redirect_uris = $2, sign_out_uris = $3 where id = $1',
        [frontEnd.id, [redirectUri], [signOutUri]],
      )
      return frontEnd
    },
    async addPerson() {
      const account = await addAccount(identity, { roles: ['KEY_USER'] })
      await setPassword(identity, account)
      return { id: account.id, userName: account.userName, password: GOOD_PASSWORD }
    },
    async close() {
      await gateway.stop()
      await bus.close()
      await identity.release()
    },
  }
}

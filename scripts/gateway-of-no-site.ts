import { serviceNames } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { buildGateway } from '@erp-steward/gateway/gateway'
import { Revocations } from '@erp-steward/gateway/revocations/revocations'
import { closeUpstream, openUpstream } from '@erp-steward/gateway/routing/upstreams'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import type { App } from '@erp-steward/service-kit/app'
import type { KeyFor } from '@erp-steward/service-kit/authentication'
import { readConfig } from '@erp-steward/service-kit/config'
import { pino } from 'pino'

/** Where nobody listens. */
const NOWHERE = 'http://127.0.0.1:1'
const UPSTREAM_MS = 1_000

/** The gateway before no service, for its document and its own operations; it knows of no revocation. */
export async function gatewayOfNoSite(
  keyFor: KeyFor,
): Promise<{ readonly app: App; readonly end: () => Promise<void> }> {
  const clock = () => new Date()
  const urls = Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), NOWHERE]))
  const config = readConfig(GatewayConfig, { ...urls, INTERNAL_TOKEN: '-'.repeat(32) })
  const revocations = new Revocations(config.REVOCATION_MAX_AGE_SECONDS)
  revocations.confirm(clock().getTime())
  const upstreams = new Map(
    serviceNames.map((name) => [name, openUpstream(name, NOWHERE, UPSTREAM_MS)]),
  )
  const { app } = await buildGateway(config, {
    ...{ upstreams, revocations, keyFor, clock },
    bus: createLocalBus(),
    log: pino({ level: 'silent' }),
    beside: () => [],
    disk: null,
    delayMs: () => 0,
  })
  return {
    app,
    end: async () => {
      await app.close()
      await Promise.all([...upstreams.values()].map(closeUpstream))
    },
  }
}

import type { Socket } from 'node:net'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Asker } from '@erp-steward/service-kit/answer-unreadable'
import type { App } from '@erp-steward/service-kit/app'
import { ConfigurationError } from '@erp-steward/service-kit/config'
import type { GatewayConfig } from '../config.ts'
import { callerOf } from './caller.ts'
import { readNetworks, type NetworkSet } from '@erp-steward/service-kit/network-set'

type NetworkSetting =
  'ALLOWED_NETWORKS' | 'CLEAR_TEXT_NETWORKS' | 'METRICS_NETWORKS' | 'TRUSTED_PROXIES'

/** Where a request comes from, and whether anybody may call from there. */
export interface Verdict {
  /** As `Caller.address`. */
  readonly address: string
  readonly refusal: 'network-refused' | 'clear-text-refused' | null
}

/** Judges where a request comes from; nothing else of it is looked at. */
export type Guard = (request: Asker) => Verdict

/** @throws ConfigurationError naming the setting and the entry that is no network */
export function networksOf(config: GatewayConfig, setting: NetworkSetting): NetworkSet {
  try {
    return readNetworks(config[setting])
  } catch (error) {
    throw new ConfigurationError([
      `${setting}: ${error instanceof Error ? error.message : String(error)}`,
    ])
  }
}

/**
 * Judges callers by the listed networks and by encryption. A connection that is no trusted proxy's is judged once.
 *
 * Source: A-4.2.4 (restrict unauthorised people from the network), A-4.3.2 (sensitive data travels encrypted).
 *
 * @throws ConfigurationError naming the setting and the entry that is no network
 */
export function createGuard(config: GatewayConfig): Guard {
  const allowed = networksOf(config, 'ALLOWED_NETWORKS')
  const clearText = networksOf(config, 'CLEAR_TEXT_NETWORKS')
  const trusted = networksOf(config, 'TRUSTED_PROXIES')
  const judged = new WeakMap<Socket, Verdict>()
  const judge = (request: Asker): Verdict => {
    const { address, isEncrypted } = callerOf(request, trusted)
    if (!allowed(address)) return { address, refusal: 'network-refused' }
    if (!isEncrypted && !clearText(address)) return { address, refusal: 'clear-text-refused' }
    return { address, refusal: null }
  }
  return (request) => {
    const { socket } = request
    const known = judged.get(socket)
    if (known !== undefined) return known
    const verdict = judge(request)
    // Behind a proxy each request names its own caller; the address of a socket that is gone is gone too.
    if (socket.remoteAddress !== undefined && !trusted(socket.remoteAddress))
      judged.set(socket, verdict)
    return verdict
  }
}

const DETAIL = {
  'network-refused': said('Your address is in no listed network.', '您的地址不在许可的网络内。'),
  'clear-text-refused': said('Use https from this network.', '来自此网络须使用 https。'),
}

/** Refuses, before anything else is looked at, whom the guard refuses, and metrics to all but their own networks. */
export function guardNetwork(app: App, guard: Guard, config: GatewayConfig): void {
  const metrics = networksOf(config, 'METRICS_NETWORKS')
  app.addHook('onRequest', (request, _reply, done) => {
    const { address, refusal } = guard(request.raw)
    if (refusal !== null) done(new Problem(refusal, DETAIL[refusal]))
    else if (request.routeOptions.url === '/metrics' && !metrics(address))
      done(
        new Problem(
          'network-refused',
          said('Metrics are read from listed networks only.', '指标只能从许可的网络读取。'),
        ),
      )
    else done()
  })
}

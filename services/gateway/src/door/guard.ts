import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { ConfigurationError } from '@erp-steward/service-kit/config'
import type { FastifyRequest } from 'fastify'
import type { GatewayConfig } from '../config.ts'
import { plainAddress, readNetworks, type NetworkSet } from './network-set.ts'

type NetworkSetting =
  'ALLOWED_NETWORKS' | 'CLEAR_TEXT_NETWORKS' | 'METRICS_NETWORKS' | 'TRUSTED_PROXIES'

/** The address of the caller: the nearest one that no trusted proxy vouches for; empty when the socket is gone. */
export function callerAddress(request: FastifyRequest): string {
  return plainAddress(request.ips?.at(-1) ?? '')
}

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
 * Refuses, before anything else is looked at, callers from networks that are not listed and connections that are not
 * encrypted.
 *
 * Source: A-4.2.4 (restrict unauthorised people from the network), A-4.3.2 (sensitive data travels encrypted).
 */
export function guardNetwork(app: App, config: GatewayConfig): void {
  const allowed = networksOf(config, 'ALLOWED_NETWORKS')
  const clearText = networksOf(config, 'CLEAR_TEXT_NETWORKS')
  const metrics = networksOf(config, 'METRICS_NETWORKS')
  app.addHook('onRequest', (request, _reply, done) => {
    const address = callerAddress(request)
    if (!allowed(address))
      done(new Problem('network-refused', 'Your address is in no listed network.'))
    else if (request.protocol !== 'https' && !clearText(address))
      done(new Problem('clear-text-refused', 'Use https from this network.'))
    else if (request.routeOptions.url === '/metrics' && !metrics(address))
      done(new Problem('network-refused', 'Metrics are read from listed networks only.'))
    else done()
  })
}

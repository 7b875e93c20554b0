import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigurationError } from '@erp-steward/service-kit/config'
import type { GatewayConfig } from './config.ts'

/** Certificate chain and key, PEM. */
export interface Tls {
  readonly cert: string
  readonly key: string
}

/**
 * What the two settings name; `null` when both are empty and the gateway speaks plain HTTP.
 *
 * @throws ConfigurationError when one is empty, a file cannot be read, or the two do not fit together
 */
export function readTls({
  TLS_CERT_FILE,
  TLS_KEY_FILE,
}: Pick<GatewayConfig, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>): Tls | null {
  if (TLS_CERT_FILE === '' && TLS_KEY_FILE === '') return null
  if (TLS_CERT_FILE === '' || TLS_KEY_FILE === '')
    throw new ConfigurationError(['TLS_CERT_FILE and TLS_KEY_FILE must both be set, or neither'])
  const faults: string[] = []
  const read = (setting: string, file: string) => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      faults.push(`${setting} names a file that cannot be read: ${messageOf(error)}`)
      return ''
    }
  }
  const tls = {
    cert: read('TLS_CERT_FILE', TLS_CERT_FILE),
    key: read('TLS_KEY_FILE', TLS_KEY_FILE),
  }
  if (faults.length > 0) throw new ConfigurationError(faults)
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new ConfigurationError([
      `TLS_CERT_FILE and TLS_KEY_FILE hold no certificate (PEM) and its key: ${messageOf(error)}`,
    ])
  }
  return tls
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

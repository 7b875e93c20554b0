import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { ConfigurationError } from '@erp-steward/service-kit/config'
import type { GatewayConfig } from './config.ts'

/** Certificate chain and key, PEM, and the authorities of callers' certificates where these are asked for. */
export interface Tls {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly crl?: string[]
}

type TlsSetting = 'TLS_CERT_FILE' | 'TLS_KEY_FILE' | 'TLS_CLIENT_CA_FILE' | 'TLS_CLIENT_CRL_FILE'

/**
 * What the settings name; `null` when all are empty and the gateway speaks plain HTTP.
 *
 * @throws ConfigurationError when one is empty that another needs, a file cannot be read, or they do not fit together
 */
export function readTls(config: Pick<GatewayConfig, TlsSetting>): Tls | null {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE, TLS_CLIENT_CRL_FILE } = config
  if ((TLS_CERT_FILE === '') !== (TLS_KEY_FILE === ''))
    throw new ConfigurationError(['TLS_CERT_FILE and TLS_KEY_FILE must both be set, or neither'])
  if (TLS_CLIENT_CA_FILE !== '' && TLS_CERT_FILE === '')
    throw new ConfigurationError(['TLS_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE'])
  if (TLS_CLIENT_CRL_FILE !== '' && TLS_CLIENT_CA_FILE === '')
    throw new ConfigurationError(['TLS_CLIENT_CRL_FILE needs TLS_CLIENT_CA_FILE'])
  if (TLS_CERT_FILE === '') return null
  const faults: string[] = []
  const read = (setting: TlsSetting) => {
    try {
      return readFileSync(config[setting], 'utf8')
    } catch (error) {
      faults.push(`${setting} names a file that cannot be read: ${messageOf(error)}`)
      return ''
    }
  }
  const own = { cert: read('TLS_CERT_FILE'), key: read('TLS_KEY_FILE') }
  const ofCallers = {
    ...(TLS_CLIENT_CA_FILE !== '' && { ca: read('TLS_CLIENT_CA_FILE') }),
    ...(TLS_CLIENT_CRL_FILE !== '' && { crl: listsIn(read('TLS_CLIENT_CRL_FILE')) }),
  }
  if (faults.length > 0) throw new ConfigurationError(faults)
  assertFit(own, 'TLS_CERT_FILE and TLS_KEY_FILE hold no certificate (PEM) and its key')
  // A text without any certificate would be taken for no authority at all.
  if (ofCallers.ca !== undefined && !ofCallers.ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigurationError(['TLS_CLIENT_CA_FILE holds no certificate (PEM)'])
  if (ofCallers.crl?.length === 0)
    throw new ConfigurationError(['TLS_CLIENT_CRL_FILE holds no revocation list (PEM)'])
  assertFit(ofCallers, 'TLS_CLIENT_CA_FILE and TLS_CLIENT_CRL_FILE cannot be read as PEM')
  return { ...own, ...ofCallers }
}

/** Each list by itself: of a text with several only the first would be read. */
const listsIn = (pem: string): string[] =>
  pem.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? []

function assertFit(options: SecureContextOptions, fault: string): void {
  try {
    createSecureContext(options)
  } catch (error) {
    throw new ConfigurationError([`${fault}: ${messageOf(error)}`])
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

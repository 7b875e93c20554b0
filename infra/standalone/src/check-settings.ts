import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { serviceNames } from '@erp-steward/contracts/services'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import type { TObject } from 'typebox'
import { StandaloneConfig } from './config.ts'
import { registry } from './registry.ts'

// What the host fills in itself, whatever the environment says: only its form matters here.
const FILLED_IN = {
  HOST: '127.0.0.1',
  PORT: '0',
  INTERNAL_TOKEN: '-'.repeat(32),
  SEALING_KEYS: Buffer.alloc(32).toString('base64'),
  PERSONAL_DATA_KEYS: Buffer.alloc(32).toString('base64'),
  PERSONAL_INDEX_KEY: Buffer.alloc(32).toString('base64'),
  LEDGER_KEYS: '',
  ASSESSMENT_URL: '',
  ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), 'http://127.0.0.1:1'])),
}

/**
 * The host's settings, after those of the gateway and of every service were looked at too.
 *
 * @throws ConfigurationError with every fault of all of them, before anything is started
 */
export function checkSettings(
  environment: Readonly<Record<string, string | undefined>>,
): StandaloneConfig {
  const schemas: TObject[] = [
    StandaloneConfig,
    GatewayConfig,
    ...serviceNames.map((name) => registry[name].config),
  ]
  const faults = schemas.flatMap((schema) => faultsOf(schema, { ...environment, ...FILLED_IN }))
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)])
  return readConfig(StandaloneConfig, environment)
}

function faultsOf(
  schema: TObject,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  try {
    readConfig(schema, environment)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults
    throw error
  }
}

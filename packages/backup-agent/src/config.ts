import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, normalize } from 'node:path'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { Type } from 'typebox'
import type { Keys } from './seal/frames.ts'
import type { Sites } from './store/store.ts'

const AgentEnvironment = Type.Object({
  GATEWAY_URL: Type.String({
    description: 'Address of the gateway, https://host or http://host:port.',
    pattern: '^https?://[^\\s]+$',
  }),
  CLIENT_ID: Type.String({
    description: 'Client id that identity issued for this agent.',
    minLength: 1,
    maxLength: 100,
  }),
  CLIENT_SECRET: Type.String({
    description: 'Secret of that client.',
    writeOnly: true,
    minLength: 1,
    maxLength: 200,
  }),
  SITES: Type.String({
    description: 'Stores that this host reaches: CODE=/folder, separated by commas.',
    minLength: 3,
  }),
  SOURCES: Type.String({
    description:
      'Folders that may be backed up with all below, absolute, separated by commas; empty = none.',
    default: '',
  }),
  SCRATCH: Type.String({
    description: 'Absolute folder for restores and for what the agent notes about unfinished work.',
    pattern: '^/',
  }),
  KEYS_FILE: Type.String({
    description: 'File of mode 0600 with a key per line: CODE and 32 bytes in base64.',
    pattern: '^/',
  }),
  POSTGRES_CONNECTIONS_FILE: Type.Optional(
    Type.String({
      description: 'File of mode 0600 with a connection per line: name and postgres:// URL.',
      pattern: '^/',
    }),
  ),
  POSTGRES_SCRATCH: Type.Optional(
    Type.String({
      description: 'Name of the connection on whose server restores make their databases.',
      pattern: '^[a-z][a-z0-9-]{0,39}$',
    }),
  ),
  PG_BIN: Type.Optional(
    Type.String({
      description: 'Folder with pg_dump and pg_restore, besides PATH.',
      pattern: '^/',
    }),
  ),
  PATH: Type.String({ description: 'Folders of programs, as every process has it.', default: '' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug'], {
    description: 'Least level of what is logged.',
    default: 'info',
  }),
})

/** What an agent knows about its host. */
export interface AgentConfig {
  readonly gatewayUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly sites: Sites
  readonly sources: readonly string[]
  readonly scratch: string
  readonly keys: Keys
  /** URLs by names. */
  readonly connections: ReadonlyMap<string, string>
  /** Name of the connection for restores; `null` = no database can be restored here. */
  readonly scratchConnection: string | null
  /** Folders that are searched for PostgreSQL's programs, in this order. */
  readonly programFolders: readonly string[]
  readonly logLevel: string
}

/** Settings of the agent from the environment and the files that it names. @throws ConfigurationError with all faults */
export function readAgentConfig(
  environment: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  const values = readConfig(AgentEnvironment, environment)
  const faults: string[] = []
  const fault = (text: string) => {
    faults.push(text)
  }
  const absolute = (name: string, folder: string): string => {
    if (!isAbsolute(folder) || folder.includes('\0'))
      fault(`${name}: ${folder} is not an absolute folder`)
    const plain = normalize(folder)
    return plain === '/' ? plain : plain.replace(/\/+$/, '')
  }

  const sites = new Map<string, string>()
  for (const part of listed(values.SITES)) {
    const [, code, folder] = /^([A-Z0-9][A-Z0-9._-]{0,39})=(.+)$/.exec(part) ?? []
    if (code === undefined || folder === undefined) fault(`SITES: ${part} is not CODE=/folder`)
    else if (sites.has(code)) fault(`SITES: ${code} stands twice`)
    else sites.set(code, absolute('SITES', folder))
  }
  const keys = new Map<string, Buffer>()
  for (const [index, { name, value }] of secretLines(
    'KEYS_FILE',
    values.KEYS_FILE,
    fault,
  ).entries()) {
    const bytes = Buffer.from(value, 'base64')
    // The line is named by its number: a misplaced secret could stand where the code should be.
    if (!/^[A-Z0-9][A-Z0-9._-]{0,39}$/.test(name))
      fault(`KEYS_FILE: line ${index + 1} has no key code`)
    else if (bytes.length !== 32 || bytes.toString('base64') !== value)
      fault(`KEYS_FILE: key ${name} is not 32 bytes in base64`)
    else if (keys.has(name)) fault(`KEYS_FILE: key ${name} stands twice`)
    else keys.set(name, bytes)
  }
  const connections = new Map<string, string>()
  if (values.POSTGRES_CONNECTIONS_FILE !== undefined)
    for (const [index, { name, value }] of secretLines(
      'POSTGRES_CONNECTIONS_FILE',
      values.POSTGRES_CONNECTIONS_FILE,
      fault,
    ).entries()) {
      if (
        !/^[a-z][a-z0-9-]{0,39}$/.test(name) ||
        !/^postgres(ql)?:\/\//.test(value) ||
        !URL.canParse(value)
      )
        fault(`POSTGRES_CONNECTIONS_FILE: line ${index + 1} is not a name and a postgres:// URL`)
      else connections.set(name, value)
    }
  const scratchConnection = values.POSTGRES_SCRATCH ?? null
  if (scratchConnection !== null && !connections.has(scratchConnection))
    fault(`POSTGRES_SCRATCH: ${scratchConnection} is not in POSTGRES_CONNECTIONS_FILE`)
  const sources = listed(values.SOURCES).map((folder) => absolute('SOURCES', folder))
  const scratch = absolute('SCRATCH', values.SCRATCH)
  if (faults.length > 0) throw new ConfigurationError(faults)
  return {
    gatewayUrl: values.GATEWAY_URL.replace(/\/+$/, ''),
    clientId: values.CLIENT_ID,
    clientSecret: values.CLIENT_SECRET,
    sites,
    sources,
    scratch,
    keys,
    connections,
    scratchConnection,
    programFolders: [
      ...(values.PG_BIN === undefined ? [] : [values.PG_BIN]),
      ...values.PATH.split(':').filter((folder) => isAbsolute(folder)),
    ],
    logLevel: values.LOG_LEVEL,
  }
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function secretLines(
  setting: string,
  path: string,
  fault: (text: string) => void,
): { name: string; value: string }[] {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() !== true) {
    fault(`${setting}: ${path} is not there`)
    return []
  }
  if ((stats.mode & 0o077) !== 0) {
    fault(`${setting}: ${path} can be read or written by others; its mode must be 0600`)
    return []
  }
  const own = process.getuid?.()
  if (own !== undefined && stats.uid !== own && stats.uid !== 0) {
    fault(`${setting}: ${path} belongs to another user`)
    return []
  }
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...rest] = line.split(/\s+/)
      return { name, value: rest.join(' ') }
    })
}

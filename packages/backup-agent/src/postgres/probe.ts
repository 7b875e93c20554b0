import type { ExecutorProbe } from '@erp-steward/contracts/agent-protocol'
import type { AgentConfig } from '../config.ts'
import { asLine } from '../work-failed.ts'
import { connect, reasonOf, serverMajor } from './connection.ts'
import { findPrograms, programsFor, type Programs } from './programs.ts'

/** Why these programs cannot save a server of this version. */
export function tooOld(serverVersion: number, found: readonly Programs[]): string {
  const [newest] = found
  return newest === undefined
    ? 'pg_dump and pg_restore are not on this host'
    : `pg_dump ${newest.major} cannot dump a server ${serverVersion}`
}

/**
 * Whether databases can be saved here: with a connection whose server answers and whose version a `pg_dump` of this
 * host can dump. What the other connections lack is told as well.
 */
export async function probePostgres(config: AgentConfig): Promise<ExecutorProbe> {
  const found = await findPrograms(config.programFolders)
  const [newest] = found
  const tool = newest === undefined ? '' : `pg_dump ${newest.version}`
  const answer = (isAvailable: boolean, reason: string | null): ExecutorProbe => ({
    executor: 'postgres',
    isAvailable,
    tool,
    reason: reason === null ? null : asLine(reason, 500),
  })
  if (config.connections.size === 0)
    return answer(false, 'POSTGRES_CONNECTIONS_FILE of the agent names no connection')
  if (newest === undefined) return answer(false, tooOld(0, found))

  const faults: string[] = []
  for (const [name, url] of config.connections) {
    const fault = await faultOf(name, url, found)
    if (fault !== null) faults.push(fault)
  }
  return answer(faults.length < config.connections.size, faults.join('; ') || null)
}

async function faultOf(
  name: string,
  url: string,
  found: readonly Programs[],
): Promise<string | null> {
  try {
    const client = await connect(name, url)
    try {
      const major = await serverMajor(client)
      return programsFor(major, found) === null ? `${name}: ${tooOld(major, found)}` : null
    } finally {
      await client.end()
    }
  } catch (error) {
    return reasonOf(error)
  }
}

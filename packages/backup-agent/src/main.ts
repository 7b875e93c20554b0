import { ConfigurationError } from '@erp-steward/service-kit/config'
import { createLog } from '@erp-steward/service-kit/log'
import { startAgent } from './agent.ts'
import { readAgentConfig, type AgentConfig } from './config.ts'

// Objects, restores and notes are for this user alone.
process.umask(0o077)
const config = configuration()
const log = createLog(config.logLevel)
const agent = await startAgent(config, log).catch((error: unknown) => {
  log.fatal({ err: error }, 'cannot start')
  process.exit(1)
})
log.info({ agent: config.clientId, sites: [...config.sites.keys()] }, 'ready')
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ signal }, 'stopping')
    agent
      .stop()
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly')
        process.exit(1)
      })
  })

function configuration(): AgentConfig {
  try {
    return readAgentConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    process.stderr.write(`backup-agent: ${error.message}\n`)
    process.exit(1)
  }
}

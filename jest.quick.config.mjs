import full from './jest.config.mjs'

// Left out for people at work, never by CI: what starts the product, a broker or a server of its own, and what is killed.
const leftOut = [
  'infra/kafka/test/broker',
  'infra/postgres/test/server',
  'infra/standalone/test/(?!check-settings)',
  'packages/backup-agent/test/(agent-life|database-round)',
  'packages/messaging/test/kafka-bus',
  'services/identity/test/company-directory/',
  'services/identity/test/provisioning/ebs-simulator',
  'services/identity/test/scim/clients',
  'services/monitoring-ingest/test/crash',
  'test/contract/',
  'test/e2e/',
].map((path) => `<rootDir>/${path}`)

export default {
  ...full,
  projects: full.projects.map((project) => ({
    ...project,
    testPathIgnorePatterns: [...project.testPathIgnorePatterns, ...leftOut],
  })),
}

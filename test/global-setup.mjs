import { testPostgres } from '../infra/postgres/src/ladder.ts'

/** Starts the one PostgreSQL of the run; the workers find its superuser's address in STEWARD_TEST_POSTGRES. */
export default async function globalSetup() {
  const server = await testPostgres()
  process.env.STEWARD_TEST_POSTGRES = server.url
  globalThis.stewardTestPostgres = server
  process.stderr.write(`PostgreSQL for tests: ${server.origin}\n`)
}

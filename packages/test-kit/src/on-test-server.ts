import { testPostgres } from '@erp-steward/postgres/ladder'

/**
 * Does the work of a benchmark on the server of the run, or, where there is none because the benchmark was started by
 * itself, on one that lives as long as the work.
 */
export async function onTestServer<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.env.STEWARD_TEST_POSTGRES !== undefined) return work()
  const server = await testPostgres()
  process.env.STEWARD_TEST_POSTGRES = server.url
  try {
    return await work()
  } finally {
    delete process.env.STEWARD_TEST_POSTGRES
    await server.release()
  }
}
